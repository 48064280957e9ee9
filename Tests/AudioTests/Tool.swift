import Subprocess
import SystemPackage

/// Runs the programs that make test files and judge ours: ffmpeg, flac, oggenc, opusenc, mpg123, lame, mediainfo.
enum Tool {
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs `name` and gives what it wrote to standard output.
    ///
    /// - Throws: `Failed` with its standard error when it exits with anything but 0.
    @discardableResult
    static func run(_ name: String, _ arguments: [String]) async throws -> [UInt8] {
        let result = try await Subprocess.run(
            .name(name), arguments: Arguments(arguments), output: .bytes(limit: 256 << 20),
            error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw Failed(description: "\(name) \(arguments): \(result.standardError)")
        }
        return result.standardOutput
    }

    static func ffmpeg(_ arguments: String...) async throws {
        try await run("ffmpeg", ["-v", "error", "-nostdin", "-y"] + arguments)
    }

    /// Samples per channel that `ffmpeg` decodes.
    static func samplesByFFmpeg(_ path: String, channels: Int) async throws -> Int {
        try await run("ffmpeg", ["-v", "error", "-nostdin", "-i", path, "-map", "0:a", "-f", "s16le", "-"]).count
            / (2 * channels)
    }

    /// Samples per channel that `mpg123` decodes.
    static func samplesByMpg123(_ path: String, channels: Int) async throws -> Int {
        try await run("mpg123", ["-q", "-s", "-e", "s16", path]).count / (2 * channels)
    }

    /// Samples per channel that `lame --decode` decodes.
    static func samplesByLAME(_ path: String, channels: Int) async throws -> Int {
        try await run("lame", ["--quiet", "--decode", "-t", path, "-"]).count / (2 * channels)
    }
}

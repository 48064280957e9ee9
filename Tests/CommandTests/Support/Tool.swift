import Foundation
import Subprocess
import SystemPackage

/// Programs of others that make files or judge ours: ffmpeg, ffprobe, mpg123, pg_dump.
enum Tool {
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a program and gives what it wrote to standard output.
    /// - Throws: `Failed` with its standard error when it exits with anything but 0.
    @discardableResult
    static func run(_ name: String, _ arguments: [String]) async throws -> [UInt8] {
        let result = try await Subprocess.run(
            .name(name), arguments: Arguments(arguments), output: .bytes(limit: 256 << 20),
            error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw Failed(description: "\(name): \(result.standardError)")
        }
        return result.standardOutput
    }

    /// Samples per channel of a stereo file as `ffmpeg` decodes it.
    static func samplesByFFmpeg(_ path: String) async throws -> Int {
        try await run("ffmpeg", ["-v", "error", "-nostdin", "-i", path, "-map", "0:a", "-f", "s16le", "-"]).count / 4
    }

    /// Samples per channel of a stereo file as `mpg123` decodes it.
    static func samplesByMpg123(_ path: String) async throws -> Int {
        try await run("mpg123", ["-q", "-s", "-e", "s16", path]).count / 4
    }

    /// What `ffprobe` says of a file's first audio stream and its tags, as key=value lines.
    static func ffprobe(_ path: String) async throws -> Set<String> {
        let entries = "stream=codec_name,sample_rate,channels,bit_rate:format_tags"
        let output = try await run(
            "ffprobe", ["-v", "error", "-of", "default=noprint_wrappers=1", "-show_entries", entries, path])
        return Set(String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init))
    }
}

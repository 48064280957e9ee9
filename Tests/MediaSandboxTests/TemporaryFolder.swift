import Foundation
import SystemPackage

/// A folder of one test's own, removed with everything in it when the last reference goes.
final class TemporaryFolder: Sendable {
    let path: FilePath

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "lathe-media-test-\(UUID())")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = FilePath(url.path)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path.string)
    }

    /// A stereo WAV file at 44.1 kHz and 16 bits. Its samples are a hole in the file, so that an hour takes no disk.
    func silentTrack(seconds: Int, name: String = "master.wav") throws -> FileDescriptor {
        let bytes = seconds * 44_100 * 4
        let file = try FileDescriptor.open(
            path.appending(name), .readWrite, options: [.create, .truncate, .closeOnExec],
            permissions: .ownerReadWrite)
        try file.writeAll(Self.waveHeader(dataBytes: bytes))
        try file.resize(to: Int64(44 + bytes))
        try file.seek(offset: 0, from: .start)
        return file
    }

    /// An empty file, open for reading and writing.
    func output(name: String = "rendition.mp3") throws -> FileDescriptor {
        try FileDescriptor.open(
            path.appending(name), .readWrite, options: [.create, .truncate, .closeOnExec],
            permissions: .ownerReadWrite)
    }

    /// An executable shell script. Its standard input is the conversation's socket, which `>&0` writes to.
    func script(_ body: String) throws -> FilePath {
        let file = path.appending("child-\(UUID()).sh")
        try "#!/bin/sh\n\(body)\n".write(toFile: file.string, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: file.string)
        return file
    }

    /// The canonical 44-byte header: RIFF, a 16-byte fmt chunk of PCM, data.
    private static func waveHeader(dataBytes: Int) -> [UInt8] {
        func little(_ value: Int, _ bytes: Int) -> [UInt8] {
            (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        return Array("RIFF".utf8) + little(36 + dataBytes, 4) + Array("WAVEfmt ".utf8) + little(16, 4)
            + little(1, 2) + little(2, 2) + little(44_100, 4) + little(44_100 * 4, 4) + little(4, 2) + little(16, 2)
            + Array("data".utf8) + little(dataBytes, 4)
    }
}

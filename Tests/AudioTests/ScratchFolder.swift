import Foundation
import SystemPackage

/// A folder of its own for one test, removed with all it holds when the test lets go of it.
final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "audio-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of a file in the folder.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file and gives its path.
    @discardableResult
    func write(_ bytes: [UInt8], as name: String) throws -> String {
        let path = file(name)
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }
}

/// The bytes of a file. Not by Foundation, which leaks 4 KiB for each empty one: LeakSanitizer would find nothing else.
func bytes(of path: String) throws -> [UInt8] {
    try withInput(path) { file in
        let size = Int(try file.seek(offset: 0, from: .end))
        return try unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = unsafe try file.read(fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
        }
    }
}

/// Opens a file for reading, lends the descriptor and closes it.
func withInput<Result>(_ path: String, _ body: (FileDescriptor) throws -> Result) throws -> Result {
    let descriptor = try FileDescriptor.open(FilePath(path), .readOnly)
    return try descriptor.closeAfter { try body(descriptor) }
}

/// Creates an empty file for reading and writing, lends the descriptor and closes it.
func withOutput<Result>(_ path: String, _ body: (FileDescriptor) throws -> Result) throws -> Result {
    let descriptor = try FileDescriptor.open(
        FilePath(path), .readWrite, options: [.create, .truncate], permissions: .ownerReadWrite)
    return try descriptor.closeAfter { try body(descriptor) }
}

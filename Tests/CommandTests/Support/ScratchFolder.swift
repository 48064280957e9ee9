import Foundation
import SystemPackage

/// A folder of its own for one test, removed with all it holds when the test lets go of it.
final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "lathe-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.resolvingSymlinksInPath().path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of a file in the folder.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a folder in it and gives its path.
    func folder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: true)
        return file(name)
    }

    /// Writes a file and gives its path.
    @discardableResult
    func write(_ text: String, as name: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: file(name)))
        return file(name)
    }

    /// Makes an empty file for writing.
    func create(_ name: String) throws -> FileDescriptor {
        try FileDescriptor.open(
            FilePath(file(name)), .writeOnly, options: [.create, .append, .closeOnExec], permissions: [.ownerReadWrite])
    }

    func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: file(name))), as: UTF8.self)
    }

    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }

    /// The names of all it holds, hidden ones too, sorted; folders inside it with what they hold.
    var names: [String] { ((try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []).sorted() }
}

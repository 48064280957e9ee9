import Glibc
import SystemPackage
import TestSupport
import Testing

/// A directory for one test, removed with it.
final class TemporaryDirectory: Sendable {
    let path: FilePath

    init() throws {
        var template = Array("/tmp/lathe-storage-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
            unsafe buffer.baseAddress.flatMap { unsafe mkdtemp($0) } != nil
        }
        try #require(made)
        path = FilePath(String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self))
    }

    deinit {
        Self.remove(path)
    }

    /// A file with the given content, open for reading and writing; the caller closes it.
    func file(_ name: String = "file", _ content: [UInt8] = []) throws -> FileDescriptor {
        let file = try FileDescriptor.open(
            path.appending(name), .readWrite, options: [.create, .truncate, .closeOnExec],
            permissions: .ownerReadWrite)
        try file.writeAll(toAbsoluteOffset: 0, content)
        return file
    }

    private static func remove(_ path: FilePath) {
        guard let directory = unsafe opendir(path.string) else {
            unsafe unlink(path.string)
            return
        }
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
            let component = String(decoding: name, as: UTF8.self)
            guard component != ".", component != ".." else { continue }
            var info = stat()
            let child = path.appending(component)
            guard unsafe lstat(child.string, &info) == 0 else { continue }
            if info.st_mode & S_IFMT == S_IFDIR { remove(child) } else { unsafe unlink(child.string) }
        }
        unsafe closedir(directory)
        unsafe rmdir(path.string)
    }
}

extension FileDescriptor {
    /// The whole file.
    func content() throws -> [UInt8] {
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = try unsafe buffer.withUnsafeMutableBytes { bytes in
                try unsafe read(fromAbsoluteOffset: Int64(content.count), into: bytes)
            }
            guard count > 0 else { return content }
            content += buffer[..<count]
        }
    }
}

/// Reproducible bytes. They repeat after 65,537, a prime: no two blocks of a size that buffers have are the same, so a
/// block that was lost, doubled or exchanged shows.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    let block = (0..<min(count, 65_537)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + block.count)
    while bytes.count < count { bytes.append(contentsOf: block) }
    bytes.removeLast(bytes.count - count)
    return bytes
}

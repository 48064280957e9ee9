import Glibc
import SystemPackage
import Testing

/// A file system of a few bytes, for the tests of a full disk. It takes the right to mount.
final class SmallDisk: Sendable {
    let path: FilePath
    private let directory: TemporaryDirectory

    static var isPossible: Bool { (try? SmallDisk(bytes: 1 << 16)) != nil }

    init(bytes: Int) throws {
        directory = try TemporaryDirectory()
        path = directory.path
        let options = Array("size=\(bytes)".utf8CString)
        let result = unsafe options.withUnsafeBytes { unsafe mount("lathe", path.string, "tmpfs", 0, $0.baseAddress) }
        guard result == 0 else { throw Errno(rawValue: errno) }
    }

    deinit {
        unsafe umount2(path.string, Int32(MNT_DETACH))
    }
}

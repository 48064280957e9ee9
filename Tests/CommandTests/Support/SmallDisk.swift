import Glibc
import SystemPackage

/// A file system of a few bytes, for the test of a full disk. It takes the right to mount.
final class SmallDisk: Sendable {
    let folder: ScratchFolder

    static let isPossible = (try? SmallDisk(bytes: 1 << 16)) != nil

    init(bytes: Int) throws {
        folder = try ScratchFolder()
        let options = Array("size=\(bytes)".utf8CString)
        let result = unsafe options.withUnsafeBytes { unsafe mount("lathe", folder.path, "tmpfs", 0, $0.baseAddress) }
        guard result == 0 else { throw Errno(rawValue: errno) }
    }

    deinit {
        _ = unsafe umount2(folder.path, Int32(MNT_DETACH))
    }
}

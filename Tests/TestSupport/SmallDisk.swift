import Foundation
import Glibc
package import SystemPackage

/// A file system of a few bytes (tmpfs), for the tests of a full disk. It takes the right to mount.
package final class SmallDisk: Sendable {
    package let path: FilePath

    /// This process may mount.
    package static let isPossible = (try? SmallDisk(bytes: 1 << 16)) != nil

    package init(bytes: Int) throws {
        path = FilePath(FileManager.default.temporaryDirectory.path).appending("lathe-disk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: false)
        let options = Array("size=\(bytes)".utf8CString)
        let result = unsafe options.withUnsafeBytes { unsafe mount("lathe", path.string, "tmpfs", 0, $0.baseAddress) }
        guard result == 0 else {
            let failure = Errno(rawValue: errno)
            try? FileManager.default.removeItem(atPath: path.string)
            throw failure
        }
    }

    deinit {
        _ = unsafe umount2(path.string, Int32(MNT_DETACH))
        try? FileManager.default.removeItem(atPath: path.string)
    }
}

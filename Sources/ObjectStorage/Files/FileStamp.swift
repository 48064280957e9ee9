import Glibc
import SystemPackage

/// What tells one state of a file from another: two equal stamps around a read mean the file was not changed while
/// it was read.
struct FileStamp: Sendable, Hashable {
    let identity: FileIdentity
    let isRegularFile: Bool

    /// Size in bytes.
    var bytes: Int64 { identity.bytes }

    init(of file: FileDescriptor) throws(Errno) {
        var info = stat()
        guard unsafe fstat(file.rawValue, &info) == 0 else { throw Errno(rawValue: errno) }
        self.init(info)
    }

    init(_ info: stat) {
        identity = FileIdentity(
            inode: UInt64(info.st_ino), bytes: Int64(info.st_size),
            modified: Int64(info.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(info.st_mtim.tv_nsec),
            changed: Int64(info.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(info.st_ctim.tv_nsec))
        isRegularFile = info.st_mode & S_IFMT == S_IFREG
    }
}

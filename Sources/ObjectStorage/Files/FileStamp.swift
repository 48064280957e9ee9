import Glibc
import SystemPackage

/// What tells one state of a file from another: two equal stamps around a read mean the file was not changed while
/// it was read.
struct FileStamp: Sendable, Hashable {
    /// Size in bytes.
    let bytes: Int64
    /// Last change of the content, in seconds and nanoseconds since 1970.
    let modifiedSeconds: Int
    let modifiedNanoseconds: Int
    let isRegularFile: Bool

    init(of file: FileDescriptor) throws(Errno) {
        var info = stat()
        guard unsafe fstat(file.rawValue, &info) == 0 else { throw Errno(rawValue: errno) }
        self.init(info)
    }

    init(_ info: stat) {
        bytes = Int64(info.st_size)
        modifiedSeconds = info.st_mtim.tv_sec
        modifiedNanoseconds = info.st_mtim.tv_nsec
        isRegularFile = info.st_mode & S_IFMT == S_IFREG
    }
}

import Foundation
import Glibc
import SystemPackage

/// Which file, wherever it is reached from.
struct FileID: Sendable, Hashable, Codable {
    let device: UInt64
    let inode: UInt64
}

/// What a file system says of a file: while all of it stays the same, so do the bytes.
///
/// The time of change is set by the kernel alone, so a program that puts the time of modification back is found out.
struct FileStamp: Sendable, Hashable, Codable {
    let id: FileID
    /// Bytes.
    let size: Int64
    /// Nanoseconds since 1970.
    let modified: Int64
    /// Nanoseconds since 1970.
    let changed: Int64

    /// Long enough ago that another write would get another time: a clock tick where times have nanoseconds, two
    /// seconds (FAT) where they are whole seconds.
    var isSettled: Bool {
        let isCoarse = modified % 1_000_000_000 == 0 || changed % 1_000_000_000 == 0
        let margin: Int64 = isCoarse ? 2_500_000_000 : Self.tick
        var now = timespec()
        guard unsafe clock_gettime(CLOCK_REALTIME, &now) == 0 else { return false }
        return Self.nanoseconds(now) - max(modified, changed) >= margin
    }

    /// Two ticks of a kernel with 100 of them a second, in nanoseconds.
    private static let tick: Int64 = 20_000_000

    fileprivate static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

/// A file's kind and stamp.
struct FileEntry: Sendable {
    enum Kind: Sendable {
        case regular, folder, link, other
    }

    let kind: Kind
    let stamp: FileStamp

    /// - Parameter followsLinks: of a link, what it leads to.
    init(at path: FilePath, followsLinks: Bool) throws(Errno) {
        var status = stat()
        let result = unsafe path.withPlatformString {
            unsafe followsLinks ? stat($0, &status) : lstat($0, &status)
        }
        guard result == 0 else { throw Errno(rawValue: errno) }
        self.init(status)
    }

    init(of file: FileDescriptor) throws(Errno) {
        var status = stat()
        guard unsafe fstat(file.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
        self.init(status)
    }

    private init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .folder
            case S_IFLNK: .link
            default: .other
            }
        stamp = FileStamp(
            id: FileID(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)), size: Int64(status.st_size),
            modified: FileStamp.nanoseconds(status.st_mtim), changed: FileStamp.nanoseconds(status.st_ctim))
    }
}

import Glibc
package import SystemPackage

/// An open descriptor with one owner; it is closed when the value goes away.
package struct OpenFile: ~Copyable, Sendable {
    package let descriptor: FileDescriptor

    package init(owning descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    /// Opens for reading; a FIFO or device does not block.
    package init(reading path: FilePath) throws(Errno) {
        do {
            descriptor = try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec])
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    deinit {
        try? descriptor.close()
    }

    /// Where the kernel says the file is, links resolved; nil where /proc is not mounted.
    var realPath: FilePath? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = unsafe readlink("/proc/self/fd/\(descriptor.rawValue)", &buffer, buffer.count - 1)
        guard length > 0 else { return nil }
        let bytes = buffer.prefix(length).map { UInt8(bitPattern: $0) }
        return FilePath(String(decoding: bytes, as: UTF8.self))
    }
}

extension OpenFile? {
    /// The descriptor, if there is a file. `file?.descriptor` would consume the file, and so close it before its use.
    package var openDescriptor: FileDescriptor? {
        switch self {
        case .some(let file): file.descriptor
        case .none: nil
        }
    }
}

/// What fstat says of an open file.
package struct FileStatus: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case regular, directory, other
    }

    package let kind: Kind
    package let bytes: Int64

    package init(of descriptor: FileDescriptor) throws(Errno) {
        var status = stat()
        guard unsafe fstat(descriptor.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
        bytes = Int64(status.st_size)
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            default: .other
            }
    }
}

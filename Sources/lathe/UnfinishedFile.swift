import Foundation
import Glibc
import Pipeline
import SystemPackage

/// A file that gets its name only when it is whole, in the folder where it will lie.
///
/// Until then it has no name at all, so that whatever ends the process leaves nothing behind. On file systems that know
/// no such files (NFS, FAT) it has a temporary one, which goes away with the value unless it was published.
struct UnfinishedFile: ~Copyable {
    /// What a file may take the place of.
    enum Replacement: Sendable, Hashable {
        case nothing
        /// A file, as long as nobody touches it.
        case file(FileStamp)
        case anything
    }

    let file: OpenFile
    private let target: FilePath
    private let hasName: Bool
    /// The temporary name, which a file without one has for a moment when it takes another's place.
    private let path: FilePath

    /// - Parameter isNameless: without a temporary name where the file system can.
    init(for target: FilePath, isNameless: Bool = true) throws(CommandError) {
        self.target = target
        let folder = target.removingLastComponent()
        path = folder.appending(".\(UUID().uuidString).lathe-part")
        do {
            if isNameless, let nameless = Self.nameless(in: folder) {
                file = nameless
                hasName = false
            } else {
                file = OpenFile(
                    owning: try FileDescriptor.open(
                        path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
                        permissions: Self.permissions))
                hasName = true
            }
        } catch {
            throw CommandError(.workFailed, "cannot write beside \(target.shown): \(error)")
        }
    }

    private static let permissions: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]
    /// O_TMPFILE of open(2), which Glibc keeps behind _GNU_SOURCE; the bit is the same on x86 and ARM.
    private static let temporary = FileDescriptor.OpenOptions(rawValue: 0o20_000_000 | O_DIRECTORY)

    private static func nameless(in folder: FilePath) -> OpenFile? {
        let folder = folder.isEmpty ? "." : folder
        guard
            let file = try? FileDescriptor.open(
                folder, .readWrite, options: [temporary, .closeOnExec], permissions: permissions)
        else { return nil }
        // Its name is given through /proc.
        guard (try? FileEntry(at: handle(of: file), followsLinks: true)) != nil else {
            try? file.close()
            return nil
        }
        return OpenFile(owning: file)
    }

    private static func handle(of file: FileDescriptor) -> FilePath { FilePath("/proc/self/fd/\(file.rawValue)") }

    /// Makes the bytes durable, before there is a name for them.
    func synchronize() throws(CommandError) {
        guard fsync(file.descriptor.rawValue) == 0 else {
            throw CommandError(.workFailed, "\(target.shown) could not be written: \(Errno(rawValue: errno))")
        }
    }

    /// Gives the file its name, for good.
    /// - Returns: false where something else has the name that may not be replaced.
    func publish(replacing: Replacement) throws(CommandError) -> Bool {
        do throws(Errno) {
            switch replacing {
            case .nothing:
                try link(as: target)
            case .file(let stamp):
                guard try FileEntry(at: target, followsLinks: false).stamp == stamp else { return false }
                fallthrough
            case .anything:
                if !hasName { try link(as: path) }
                try rename()
            }
            try Self.synchronize(target.removingLastComponent())
            return true
        } catch .fileExists {
            return false
        } catch {
            throw CommandError(.workFailed, "\(target.shown) could not be named: \(error)")
        }
    }

    private func link(as name: FilePath) throws(Errno) {
        let current = hasName ? path : Self.handle(of: file.descriptor)
        let result = unsafe current.withPlatformString { current in
            unsafe name.withPlatformString {
                unsafe linkat(AT_FDCWD, current, AT_FDCWD, $0, hasName ? 0 : AT_SYMLINK_FOLLOW)
            }
        }
        guard result == 0 else { throw Errno(rawValue: errno) }
    }

    private func rename() throws(Errno) {
        let result = unsafe path.withPlatformString { path in
            unsafe target.withPlatformString { unsafe Glibc.rename(path, $0) }
        }
        guard result == 0 else {
            let error = Errno(rawValue: errno)
            remove()
            throw error
        }
    }

    private func remove() {
        _ = unsafe path.withPlatformString { unsafe unlink($0) }
    }

    /// A name is durable when its folder is.
    private static func synchronize(_ folder: FilePath) throws(Errno) {
        guard
            let folder = try? FileDescriptor.open(
                folder.isEmpty ? "." : folder, .readOnly, options: [.directory, .closeOnExec])
        else { return }
        defer { try? folder.close() }
        // Some file systems do not know how to; their names are as durable as they get.
        guard fsync(folder.rawValue) == 0 || errno == EINVAL else { throw Errno(rawValue: errno) }
    }

    deinit {
        if hasName { remove() }
    }
}

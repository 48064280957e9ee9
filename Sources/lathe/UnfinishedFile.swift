import Foundation
import Glibc
import Pipeline
import SystemPackage

/// A file that gets its name only when it is whole: it is written beside its target under a temporary name, which
/// goes away with the value unless it was published.
struct UnfinishedFile: ~Copyable {
    let file: OpenFile
    private let target: FilePath
    private let path: FilePath

    init(for target: FilePath) throws {
        self.target = target
        path = target.removingLastComponent().appending(".\(UUID().uuidString).lathe-part")
        do {
            file = OpenFile(
                owning: try FileDescriptor.open(
                    path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
                    permissions: [.ownerReadWrite, .groupRead, .otherRead]))
        } catch {
            throw CommandError(.workFailed, "cannot write beside \(target): \(error)")
        }
    }

    /// Makes the bytes durable and gives the file its name.
    /// - Parameter replacing: also over a file that is there; otherwise one that appeared meanwhile is kept.
    func publish(replacing: Bool) throws(CommandError) {
        guard fsync(file.descriptor.rawValue) == 0 else {
            throw CommandError(.workFailed, "\(target) could not be written: \(Errno(rawValue: errno))")
        }
        let result = unsafe replacing ? rename(path.string, target.string) : link(path.string, target.string)
        guard result == 0 else {
            throw CommandError(.workFailed, "\(target) could not be named: \(Errno(rawValue: errno))")
        }
    }

    deinit {
        _ = unsafe unlink(path.string)
    }
}

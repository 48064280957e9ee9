import Foundation
import SystemPackage

/// The work directory cannot hold another file.
struct ScratchFileError: Error, Sendable {
    let message: String
}

extension OpenFile {
    /// A new empty file without a name, open for reading and writing, in the work directory. It has no name, so
    /// however the process ends the disk is given back.
    static func scratch(in directory: FilePath) throws(ScratchFileError) -> OpenFile {
        let path = directory.appending(".lathe-\(UUID().uuidString)")
        do {
            let descriptor = try FileDescriptor.open(
                path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
            let file = OpenFile(owning: descriptor)
            try FileManager.default.removeItem(atPath: path.string)
            return file
        } catch {
            throw ScratchFileError(
                message: "the work directory \(directory) cannot take a file (LATHE_WORK_DIR): \(error)")
        }
    }
}

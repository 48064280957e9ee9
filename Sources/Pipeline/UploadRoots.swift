import Foundation
import SystemPackage

/// Why a `local_path` was not opened.
struct LocalFileError: Error, Sendable, CustomStringConvertible {
    let message: String
    /// The path itself is wrong; waiting does not help. A file that is missing or unreadable may still arrive.
    let isPermanent: Bool

    var description: String { message }
}

/// The folders a `local_path` may lie in. A row in the database can name any file of the host; only a regular file
/// inside one of these is ever opened for upload.
struct UploadRoots: Sendable {
    private let roots: [FilePath]

    /// - Parameter roots: folders; links in them are resolved now.
    init(_ roots: [String]) {
        self.roots = roots.map { FilePath(URL(filePath: $0).resolvingSymlinksInPath().path) }
    }

    /// Opens a file for reading. A relative path is looked for in each root in turn.
    ///
    /// What is checked is the open descriptor, not the path, so that nothing can be swapped in between: the file is
    /// opened first (without blocking on a FIFO), and then its real path is read back from the kernel.
    func open(_ path: String) throws(LocalFileError) -> OpenFile {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw LocalFileError(message: "local_path is empty or holds a NUL byte", isPermanent: true)
        }
        let file = try openFirst(path)
        guard let real = file.realPath, contains(real) else {
            throw outside(path)
        }
        let status: FileStatus
        do {
            status = try FileStatus(of: file.descriptor)
        } catch {
            throw LocalFileError(message: "\(path) cannot be examined: \(error)", isPermanent: false)
        }
        switch status.kind {
        case .regular: break
        case .directory: throw LocalFileError(message: "\(path) is a directory, not a file", isPermanent: true)
        case .other: throw LocalFileError(message: "\(path) is not a regular file", isPermanent: true)
        }
        guard status.bytes > 0 else {
            throw LocalFileError(message: "\(path) is empty (0 bytes)", isPermanent: true)
        }
        return file
    }

    private func openFirst(_ path: String) throws(LocalFileError) -> OpenFile {
        let named = FilePath(path)
        let candidates = named.isAbsolute ? [named] : roots.map { $0.appending(named.components) }
        var failure = Errno.noSuchFileOrDirectory
        for candidate in candidates {
            do {
                return try OpenFile(reading: candidate)
            } catch {
                failure = error
            }
        }
        if failure == .permissionDenied, candidates.contains(where: { contains($0.lexicallyNormalized()) }) {
            throw LocalFileError(
                message: "\(path) may not be read by this user: check its permissions", isPermanent: false)
        }
        guard candidates.contains(where: { contains($0.lexicallyNormalized()) }) else { throw outside(path) }
        if failure == .noSuchFileOrDirectory || failure == .notDirectory {
            let host = ProcessInfo.processInfo.hostName
            throw LocalFileError(message: "\(path) does not exist on \(host)", isPermanent: false)
        }
        throw LocalFileError(message: "\(path) cannot be opened: \(failure)", isPermanent: false)
    }

    private func contains(_ path: FilePath) -> Bool {
        roots.contains { path != $0 && path.starts(with: $0) }
    }

    private func outside(_ path: String) -> LocalFileError {
        let allowed = roots.map(\.string).joined(separator: ":")
        return LocalFileError(
            message: "\(path) is outside the upload roots (LATHE_UPLOAD_ROOTS = \(allowed))", isPermanent: true)
    }
}

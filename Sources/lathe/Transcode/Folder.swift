import Glibc
import SystemPackage

/// Folders for MP3s.
enum Folder {
    /// Makes a folder and those above it, where they are missing.
    static func make(_ folder: FilePath) throws(CommandError) {
        do throws(Errno) {
            try makeAll(folder)
        } catch {
            throw CommandError(.workFailed, "the folder \(folder.shown) cannot be made: \(error)")
        }
    }

    /// Files may be made in a folder.
    static func checkWritable(_ folder: FilePath) throws(CommandError) {
        let result = unsafe folder.withPlatformString { unsafe access($0, W_OK | X_OK) }
        guard result == 0 else {
            throw CommandError(
                .workFailed, "nothing can be written to the folder \(folder.shown): \(Errno(rawValue: errno))")
        }
    }

    /// The same for all the ways to write one folder, through `.`, `..` and links; of one that is not there yet, as far
    /// as it is.
    static func realPath(_ folder: FilePath) -> FilePath {
        let folder = folder.isEmpty ? "." : folder
        if let real = unsafe folder.withPlatformString({ unsafe realpath($0, nil) }) {
            defer { unsafe free(real) }
            return unsafe FilePath(platformString: real)
        }
        guard let name = folder.lastComponent else { return folder }
        return realPath(folder.removingLastComponent()).appending(name).lexicallyNormalized()
    }

    private static func makeAll(_ folder: FilePath) throws(Errno) {
        let result = unsafe folder.withPlatformString { unsafe mkdir($0, 0o777) }
        guard result != 0 else { return }
        let error = Errno(rawValue: errno)
        switch error {
        case .noSuchFileOrDirectory:
            let parent = folder.removingLastComponent()
            guard !parent.isEmpty, parent != folder else { throw error }
            try makeAll(parent)
            guard unsafe folder.withPlatformString({ unsafe mkdir($0, 0o777) }) != 0 else { return }
            // Another run may have been quicker.
            let error = Errno(rawValue: errno)
            guard error == .fileExists else { throw error }
        case .fileExists:
            guard (try? FileEntry(at: folder, followsLinks: true))?.kind == .folder else { throw .notDirectory }
        default: throw error
        }
    }
}

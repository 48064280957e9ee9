import SystemPackage

extension ObjectStorageError {
    /// A failed system call on a local file.
    ///
    /// - Parameter action: What was tried, as the rest of "cannot …".
    static func localIO(_ error: Errno, _ action: String) -> ObjectStorageError {
        switch error {
        case .noSpace, .diskQuotaExceeded:
            ObjectStorageError(.diskFull, "cannot \(action): the disk is full; free some space")
        case .permissionDenied, .notPermitted, .readOnlyFileSystem:
            ObjectStorageError(.accessDenied, "cannot \(action): \(error); check the owner, the mode and the mount")
        case .ioError, .staleNFSFileHandle, .timedOut, .hostIsDown, .tooManyOpenFiles,
            .tooManyOpenFilesInSystem:
            ObjectStorageError(.unavailable, "cannot \(action): \(error); the disk or the mount is out of order")
        case .fileNameTooLong:
            ObjectStorageError(.invalidKey, "cannot \(action): a part of the key is too long for a file name")
        default:
            ObjectStorageError(.localIO, "cannot \(action): \(error)")
        }
    }

    /// The calling task was cancelled.
    static var cancelled: ObjectStorageError { ObjectStorageError(.cancelled, "the transfer was cancelled") }
}

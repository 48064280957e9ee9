import Synchronization

@testable import ObjectStorage

/// A journal that outlives the call, as one in Postgres outlives the process.
final class MemoryJournal: UploadJournal {
    private struct State {
        var upload: UnfinishedUpload?
        var begun = 0
        var partsAdded: [Int] = []
        var partsLimit = Int.max
    }

    private let state = Mutex(State())

    var upload: UnfinishedUpload? { state.withLock(\.upload) }
    /// Uploads that were begun.
    var begun: Int { state.withLock(\.begun) }
    /// Numbers of parts in the order in which they were sent, over all uploads.
    var partsAdded: [Int] { state.withLock(\.partsAdded) }

    /// From now on only so many parts are taken down; the next one's writing fails, as where the database is gone.
    func limit(to parts: Int) {
        state.withLock { $0.partsLimit = parts == .max ? .max : $0.partsAdded.count + parts }
    }

    func change(_ body: (inout UnfinishedUpload) -> Void) {
        state.withLock { state in
            guard var upload = state.upload else { return }
            body(&upload)
            state.upload = upload
        }
    }

    func unfinished() async throws(ObjectStorageError) -> UnfinishedUpload? { upload }

    func begin(_ upload: UnfinishedUpload) async throws(ObjectStorageError) {
        state.withLock { state in
            state.upload = upload
            if !upload.uploadID.isEmpty { state.begun += 1 }
        }
    }

    func add(_ part: UploadedPart, to uploadID: String) async throws(ObjectStorageError) {
        let isKept = state.withLock { state in
            guard state.partsAdded.count < state.partsLimit else { return false }
            state.upload?.parts.append(part)
            state.partsAdded.append(part.number)
            return true
        }
        if !isKept { throw ObjectStorageError(.unavailable, "the journal is away") }
    }

    func end(uploadID: String) async throws(ObjectStorageError) {
        state.withLock { state in if state.upload?.uploadID == uploadID { state.upload = nil } }
    }
}

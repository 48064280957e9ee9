import Foundation
import ObjectStorage
import Synchronization

/// Keeps how far an upload in parts is, in a file of the user's that is named after the place it goes to.
///
/// It is only a help: where it cannot be written or read the upload begins anew.
final class UploadStateFile: UploadJournal {
    private let path: URL
    private let state = Mutex<UnfinishedUpload?>(nil)
    private let resumed = Mutex<Int64>(0)

    /// Bytes that an earlier run had sent.
    var bytesResumed: Int64 { resumed.withLock { $0 } }

    init(store: String, key: String) {
        let environment = ProcessInfo.processInfo.environment
        let state =
            environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? URL(filePath: $0) : nil }
            ?? FileManager.default.homeDirectoryForCurrentUser.appending(path: ".local/state")
        path = state.appending(path: "lathe/uploads/\(ContentHash(of: "\(store)\n\(key)")).json")
    }

    func unfinished() async throws(ObjectStorageError) -> UnfinishedUpload? {
        guard let json = try? Data(contentsOf: path),
            let upload = try? JSONDecoder().decode(UnfinishedUpload.self, from: json), upload.isUsable
        else { return nil }
        state.withLock { $0 = upload }
        resumed.withLock { resumed in
            resumed = upload.parts.reduce(0) { $0 + upload.bytes(of: $1.number) }
        }
        return upload
    }

    func begin(_ upload: UnfinishedUpload) async throws(ObjectStorageError) {
        resumed.withLock { $0 = 0 }
        change { $0 = upload }
    }

    func add(_ part: UploadedPart, to uploadID: String) async throws(ObjectStorageError) {
        change { upload in
            guard upload?.uploadID == uploadID else { return }
            let known = upload?.parts.count ?? 0
            upload?.parts.removeAll { $0.number == part.number }
            // The storage had it no more.
            if let upload, upload.parts.count < known { resumed.withLock { $0 -= upload.bytes(of: part.number) } }
            upload?.parts.append(part)
        }
    }

    func end(uploadID: String) async throws(ObjectStorageError) {
        // Another run may have begun one of its own meanwhile.
        guard state.withLock({ $0 })?.uploadID == uploadID else { return }
        state.withLock { $0 = nil }
        try? Data().write(to: path)
    }

    /// Some run has begun to send the file and not said that it is there.
    var isThere: Bool { FileManager.default.fileExists(atPath: path.path) }

    /// Before anything is sent: whatever ends this run, the next one does not take what the storage has for the file.
    func mark() {
        guard !isThere else { return }
        makeFolder()
        try? Data().write(to: path)
    }

    /// The file is there.
    func clear() {
        try? FileManager.default.removeItem(at: path)
    }

    private func makeFolder() {
        try? FileManager.default.createDirectory(
            at: path.deletingLastPathComponent(), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }

    private func change(_ body: (inout UnfinishedUpload?) -> Void) {
        state.withLock { upload in
            body(&upload)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            guard let json = upload.flatMap({ try? encoder.encode($0) }) else { return }
            makeFolder()
            try? json.write(to: path, options: .atomic)
        }
    }
}

extension UnfinishedUpload {
    fileprivate func bytes(of part: Int) -> Int64 { min(partBytes, file.bytes - Int64(part - 1) * partBytes) }
}

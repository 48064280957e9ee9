import Foundation
import Jobs
import ObjectStorage
import Pipeline
import Synchronization
import SystemPackage

/// Uploads files side by side and goes on past those that fail.
struct UploadBatch: Sendable {
    let store: any ObjectStore
    let attributes: ObjectAttributes
    let isForced: Bool
    let isDryRun: Bool
    let report: UploadReport

    /// Small files do not fill a connection: so many go at once.
    private static let width = 4

    /// - Throws: `CancellationError`; an outage, after which no other file would fare better.
    func run(_ files: [UploadPlan.File]) async throws {
        let board = ProgressBoard(files: files.count, bytes: files.reduce(0) { $0 + $1.bytes })
        try await withThrowingTaskGroup(of: Void.self) { group in
            var pending = files.enumerated().makeIterator()
            func startNext() {
                guard let (number, file) = pending.next() else { return }
                group.addTask {
                    defer { board.end(number, bytes: file.bytes) }
                    try await upload(file) { board.update(number, file.path.shown, bytes: file.bytes, $0) }
                }
            }
            for _ in 0..<Self.width { startNext() }
            while try await group.next() != nil { startNext() }
        }
    }

    private func upload(_ file: UploadPlan.File, progress: @escaping @Sendable (Double) -> Void) async throws {
        do {
            let source = try LocalMedia.open(file.path)
            let stamp = try FileEntry(of: source.descriptor).stamp
            let outcome = try await upload(source.descriptor, stamp, file.key, progress)
            let sent = UploadPlan.File(path: file.path, key: file.key, bytes: stamp.size)
            report.ended(sent, outcome, at: store.publicURL(for: file.key))
        } catch let error as ObjectStorageError where error.isOutage && !Task.isCancelled {
            // What this file meets, all others do.
            throw error
        } catch {
            try Task.checkCancellation()
            report.failed(file.path, key: file.key, CommandError(error)?.message ?? "\(error)")
        }
    }

    private func upload(
        _ source: FileDescriptor, _ stamp: FileStamp, _ key: String, _ progress: @escaping @Sendable (Double) -> Void
    ) async throws -> UploadReport.Outcome {
        let journal = UploadStateFile(store: store.name, key: key)
        if !isForced, !journal.isThere, let stored = try await store.head(key), stored.bytes == stamp.size,
            let modified = stored.lastModified, Int64(modified.timeIntervalSince1970) >= stamp.modified / 1_000_000_000
        {
            return .alreadyThere
        }
        guard !isDryRun else { return .wouldUpload }
        let start = ContinuousClock.now
        journal.mark()
        let total = Double(max(1, stamp.size))
        _ = try await store.put(
            source, length: stamp.size, key: key, attributes: attributes, journal: journal
        ) { progress(Double($0) / total) }
        journal.clear()
        return .uploaded(seconds: start.duration(to: .now).seconds, resumed: journal.bytesResumed)
    }
}

import Foundation
import Jobs
import Logging
import ObjectStorage
import Postgres

/// Takes back the uploads in parts that nobody will go on with: their parts are stored, paid for, and in no listing.
///
/// Those of jobs that have ended or are gone; and those below our prefix that no journal knows, begun a week ago or
/// earlier: by a process that died before it could write them down. Any host may run it, at any time.
struct StaleUploads: Sendable {
    static let interval: Duration = .seconds(3600)
    /// A failed job may be tried again by an operator, who then need not send what was sent.
    private static let keptAfterFailure = 7 * 86_400.0
    private static let longestUnknown: TimeInterval = 7 * 86_400

    let database: Database
    let store: any ObjectStore
    let logger: Logger

    /// Sweeps now and then until it is cancelled.
    func run() async {
        while !Task.isCancelled {
            // Hosts that were started together take turns.
            guard (try? await Task.sleep(for: Self.interval * Double.random(in: 0.5...1.5))) != nil else { return }
            do {
                let count = try await sweep(now: Date())
                if count > 0 { logger.info("took back \(count) uploads that nobody would go on with") }
            } catch {
                if !Task.isCancelled { logger.warning("stale uploads could not be taken back: \(error)") }
            }
        }
    }

    /// - Returns: How many were taken back.
    func sweep(now: Date) async throws -> Int {
        try await sweepJournals() + sweepUnknown(now: now)
    }

    private func sweepJournals() async throws -> Int {
        let rows = try await database.query(
            """
            SELECT upload.* FROM multipart_uploads AS upload
            LEFT JOIN upload_jobs AS job ON job.id = upload.job_id
            WHERE upload.store = \(store.name) AND (
                job.id IS NULL OR job.status = 'COMPLETED'
                OR job.status = 'FAILED' AND job.updated_at < now() - make_interval(secs => \(Self.keptAfterFailure)))
            """)
        var count = 0
        for row in rows {
            let upload = try UnfinishedUpload(row: row)
            let job: UUID = try row.decode("job_id")
            // One whose id was never heard is found by its age, if it is there.
            if !upload.uploadID.isEmpty {
                guard await takeBack(OpenUpload(key: upload.key, uploadID: upload.uploadID, begun: nil)) else {
                    continue
                }
            }
            count += try await database.execute(
                "DELETE FROM multipart_uploads WHERE job_id = \(job) AND upload_id = \(upload.uploadID)")
        }
        return count
    }

    /// - Returns: Whether it is gone. One that the store will not take back does not keep the others.
    private func takeBack(_ upload: OpenUpload) async -> Bool {
        do throws(ObjectStorageError) {
            try await store.takeBack(upload)
            return true
        } catch {
            if !Task.isCancelled { logger.warning("\(error.message)") }
            return false
        }
    }

    private func sweepUnknown(now: Date) async throws -> Int {
        let old = try await openUploads().filter { upload in
            Self.isOurs(upload.key) && upload.begun.map { now.timeIntervalSince($0) > Self.longestUnknown } ?? false
        }
        guard !old.isEmpty else { return 0 }
        let known = try await database.query(
            "SELECT upload_id FROM multipart_uploads"
        ).map { row throws(PostgresError) in try row.decode("upload_id", as: String.self) }
        let unknown = old.filter { !known.contains($0.uploadID) }
        var count = 0
        for upload in unknown where await takeBack(upload) { count += 1 }
        return count
    }

    /// None where the store cannot list them, or these credentials may not.
    private func openUploads() async throws(ObjectStorageError) -> [OpenUpload] {
        do throws(ObjectStorageError) {
            return try await store.openUploads(prefix: "")
        } catch {
            guard [.rejected, .unexpectedAnswer, .accessDenied, .notFound].contains(error.kind) else { throw error }
            return []
        }
    }

    /// Other programs may keep theirs in the same bucket, and people theirs by `lathe upload`.
    private static func isOurs(_ key: String) -> Bool {
        key.wholeMatch(of: /(audio|cover_art|renditions|reports)\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}[.\/].*/)
            != nil
    }
}

package import Foundation
import Jobs
import MediaContract
package import Postgres

/// Fan-out of a release into one job a track, and fan-in when the last of them is done.
extension Catalogue {
    /// SQL condition on a track `t`: it has a rendition of what audio_file_url holds now, in this profile's version.
    static func isRendered(_ profile: EncodingProfile) -> SQL {
        """
        EXISTS (
            SELECT 1 FROM renditions n
            WHERE n.track_id = t.id AND n.profile = \(profile.name) AND n.profile_version >= \(profile.version)
                AND n.source_url = t.audio_file_url)
        """
    }

    /// SQL condition on a track `t` of a release `r`: a master or a cover is still on its way to storage. A track is
    /// not cut before both are there, because the cover is part of the file.
    static let awaitsUpload: SQL = """
        EXISTS (
            SELECT 1 FROM upload_jobs j
            WHERE j.status IN ('PENDING', 'UPLOADING')
                AND (j.target_entity_id = t.id AND j.job_type = 'AUDIO'
                    OR j.target_entity_id = r.id AND j.job_type = 'COVER_ART'))
        """

    func hasReleasesInProcessing() async throws(PostgresError) -> Bool {
        let one: SQL = "SELECT 1 FROM releases WHERE status = 'PROCESSING' LIMIT 1"
        return try await !database.query(one.prepared).isEmpty
    }

    /// Makes a job of every uploaded track of a PROCESSING release that has no current rendition. A job that ran for
    /// another master, or an older version of the profile, starts over, and a worker that still runs it loses its
    /// lease. A job that FAILED for the same master stays FAILED.
    ///
    /// Tracks are locked before their jobs, in the order in which the application deletes them.
    ///
    /// Jobs that need nothing are left out by the SELECT, where job and rendition are seen in one snapshot: ON CONFLICT
    /// sees a newer row, and would start over what was completed in between. An INSERT of no row would ring the
    /// doorbell as well, and so have the worker scan again and again: without such jobs there is none.
    /// - Returns: how many jobs are new or start over.
    func fanOut(_ profile: EncodingProfile) async throws -> Int {
        let lacking = Self.lackingJob(profile)
        guard try await database.query("SELECT EXISTS (\(sql: lacking))").single().decode(0) else { return 0 }
        return try await database.transaction { transaction in
            try Self.limitLockWait(in: transaction)
            return try transaction.execute(
                """
                INSERT INTO processing_jobs AS job (track_id, profile, profile_version, master_url)
                \(sql: lacking)
                ORDER BY t.id FOR KEY SHARE OF t
                ON CONFLICT (track_id, profile) DO UPDATE SET \(sql: Self.startOver), error_log = NULL
                WHERE job.master_url <> EXCLUDED.master_url OR job.profile_version <> EXCLUDED.profile_version
                    OR job.status = 'COMPLETED'
                """)
        }
    }

    /// A row that another session keeps locked must not stop the scan for longer than this.
    static func limitLockWait(in transaction: borrowing Transaction) throws(PostgresError) {
        try transaction.limitLockWait(to: .seconds(1))
    }

    /// The job of every track that needs one.
    private static func lackingJob(_ profile: EncodingProfile) -> SQL {
        """
        SELECT t.id, \(profile.name), \(profile.version), t.audio_file_url
        FROM releases r JOIN tracks t ON t.release_id = r.id
        WHERE r.status = 'PROCESSING' AND t.audio_file_url <> '' AND NOT \(sql: isRendered(profile))
            AND NOT \(sql: awaitsUpload)
            AND NOT EXISTS (
                SELECT 1 FROM processing_jobs p
                WHERE p.track_id = t.id AND p.profile = \(profile.name) AND p.status <> 'COMPLETED'
                    AND (p.profile_version > \(profile.version)
                        OR p.profile_version = \(profile.version) AND p.master_url = t.audio_file_url))
        """
    }

    /// SET list that makes an existing processing job new.
    static let startOver: SQL = """
        profile_version = EXCLUDED.profile_version, master_url = EXCLUDED.master_url, status = 'PENDING',
        retry_count = 0, crash_count = 0, snooze_count = 0, release_count = 0, run_after = now(), turn = NULL,
        worker_id = NULL, lease_token = NULL, finished_at = NULL
        """

    /// SQL condition on a release `r`: every track is rendered, and nothing of it is on its way to storage.
    private static func isReady(_ profile: EncodingProfile) -> SQL {
        """
        r.status = 'PROCESSING'
            AND EXISTS (SELECT 1 FROM tracks t WHERE t.release_id = r.id)
            AND NOT EXISTS (
                SELECT 1 FROM tracks t
                WHERE t.release_id = r.id AND (NOT \(sql: isRendered(profile)) OR \(sql: awaitsUpload)))
        """
    }

    /// Moves a release to PENDING_REVIEW if it is PROCESSING and every track of it is rendered. The lock on its row
    /// makes the jobs of two last tracks take turns, so that the second sees what the first wrote.
    /// - Returns: whether it was moved.
    static func completeRelease(
        _ id: UUID, profile: EncodingProfile, in transaction: borrowing Transaction
    ) throws -> Bool {
        try transaction.execute("SELECT 1 FROM releases WHERE id = \(id) FOR NO KEY UPDATE")
        // An UPDATE of no row would ring the doorbell as well.
        let ready: SQL = "SELECT EXISTS (SELECT 1 FROM releases r WHERE r.id = \(id) AND \(sql: isReady(profile)))"
        guard try transaction.query(ready).single().decode(0) else { return false }
        try storeReleaseReport(id, in: transaction)
        return try transaction.execute(
            """
            UPDATE releases r SET status = 'PENDING_REVIEW', processing_error = NULL
            WHERE r.id = \(id) AND \(sql: isReady(profile))
            """) == 1
    }

    /// Completes PROCESSING releases that only wait for somebody to notice, such as one whose last missing track was
    /// deleted. The jobs themselves complete a release with their last track; this is the net under them.
    /// - Returns: of each release that was ready, whether it was moved, or the error that kept it: one that cannot be
    ///   moved does not hold the others.
    func completeReadyReleases(_ profile: EncodingProfile) async throws -> [(id: UUID, moved: Result<Bool, any Error>)]
    {
        let ready = try await database.query("SELECT r.id FROM releases r WHERE \(sql: Self.isReady(profile))")
        var results: [(id: UUID, moved: Result<Bool, any Error>)] = []
        for row in ready {
            let id: UUID = try row.decode("id")
            do {
                let moved = try await database.transaction { transaction in
                    try Self.limitLockWait(in: transaction)
                    return try Self.completeRelease(id, profile: profile, in: transaction)
                }
                results.append((id, .success(moved)))
            } catch {
                results.append((id, .failure(error)))
            }
        }
        return results
    }
}

extension Catalogue {
    /// Wakes a processing worker that sleeps, if a release waits for what was uploaded.
    /// - Parameter target: the track or release that an upload job names.
    static func ringProcessing(
        forUploadOf target: UUID, in transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.execute(
            """
            \(sql: JobTable.processing.ringing)
                AND EXISTS (
                    SELECT 1 FROM releases r WHERE r.status = 'PROCESSING'
                        AND r.id IN (SELECT \(target) UNION ALL SELECT t.release_id FROM tracks t WHERE t.id = \(target)))
            """)
    }

    /// Hands a release to the processing worker.
    /// - Returns: false if there is no such release, or it is neither a draft nor rejected.
    package func submit(_ release: UUID) async throws(PostgresError) -> Bool {
        try await database.execute(
            """
            UPDATE releases SET status = 'PROCESSING', processing_error = NULL
            WHERE id = \(release) AND status IN ('DRAFT', 'REJECTED')
            """) == 1
    }
}

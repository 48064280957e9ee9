package import Foundation
package import MediaContract
package import Postgres

/// Cuts renditions of whole releases anew: after a better profile, or when an MP3 is in doubt. It only queues; the
/// workers do the work. The status of a release is not touched.
package struct Reprocess: Sendable {
    let database: Database
    let profile: EncodingProfile

    package init(database: Database, profile: EncodingProfile = .mp3At320) {
        self.database = database
        self.profile = profile
    }

    /// One track that is, or would be, queued.
    package struct Item: Sendable {
        package let trackID: UUID
        package let order: Int
        package let title: String
        /// It runs right now and is left alone.
        package let isRunning: Bool
        /// It has no master yet, so there is nothing to cut.
        package let isMissing: Bool

        /// It is one of those that are queued.
        package var isQueued: Bool { !isRunning && !isMissing }
    }

    /// What `queue(release:)` would do.
    package func plan(release: UUID) async throws(PostgresError) -> [Item] {
        let rows = try await database.query(
            """
            SELECT t.id, t.track_order, t.title, t.audio_file_url = '' AS missing,
                coalesce(p.status = 'PROCESSING', false) AS running
            FROM tracks t LEFT JOIN processing_jobs p ON p.track_id = t.id AND p.profile = \(profile.name)
            WHERE t.release_id = \(release) ORDER BY t.track_order
            """)
        var items: [Item] = []
        for row in rows {
            items.append(
                Item(
                    trackID: try row.decode("id"), order: try row.decode("track_order"),
                    title: try row.decode("title", as: String?.self) ?? "", isRunning: try row.decode("running"),
                    isMissing: try row.decode("missing")))
        }
        return items
    }

    /// Queues every uploaded track of a release whose job does not run at this moment.
    /// - Returns: how many tracks were queued.
    package func queue(release: UUID) async throws(PostgresError) -> Int {
        try await database.execute(
            """
            INSERT INTO processing_jobs AS job (track_id, profile, profile_version, master_url)
            SELECT t.id, \(profile.name), \(profile.version), t.audio_file_url
            FROM tracks t WHERE t.release_id = \(release) AND t.audio_file_url <> ''
            ORDER BY t.id FOR KEY SHARE OF t
            ON CONFLICT (track_id, profile) DO UPDATE SET \(sql: Catalogue.startOver), error_log = NULL
            WHERE job.status <> 'PROCESSING'
            """)
    }
}

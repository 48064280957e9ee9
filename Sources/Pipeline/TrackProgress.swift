package import Foundation
package import MediaContract
package import Postgres

/// How far one track of a release is.
package struct TrackProgress: Sendable, Hashable, Codable {
    package let id: UUID
    /// track_order.
    package let order: Int
    package let title: String
    package let isUploaded: Bool
    package let durationSeconds: Int
    /// Status of its last upload job.
    package let uploadStatus: String?
    /// Seconds that upload took.
    package let uploadSeconds: Double?
    package let processingStatus: String?
    /// Seconds that processing took.
    package let processingSeconds: Double?
    package let renditionURL: String?
    package let renditionBytes: Int64?
    /// What the last failed step says.
    package let error: String?
}

extension Catalogue {
    package func tracks(
        of release: UUID, profile: EncodingProfile = .mp3At320
    ) async throws(PostgresError) -> [TrackProgress] {
        let rows = try await database.query(
            """
            SELECT t.id, t.track_order, t.title, t.audio_file_url <> '' AS uploaded, t.duration_seconds,
                u.status AS upload_status, u.seconds AS upload_seconds,
                p.status::text AS processing_status,
                extract(epoch FROM p.finished_at - p.started_at)::float8 AS processing_seconds,
                n.url, n.bytes, coalesce(p.error_log, u.error_log) AS error
            FROM tracks t
                LEFT JOIN processing_jobs p ON p.track_id = t.id AND p.profile = \(profile.name)
                LEFT JOIN renditions n ON n.track_id = t.id AND n.profile = \(profile.name)
                LEFT JOIN LATERAL (
                    SELECT j.status::text AS status, j.error_log,
                        extract(epoch FROM j.finished_at - j.started_at)::float8 AS seconds
                    FROM upload_jobs j WHERE j.target_entity_id = t.id AND j.job_type = 'AUDIO'
                    ORDER BY j.created_at DESC LIMIT 1
                ) u ON true
            WHERE t.release_id = \(release) ORDER BY t.track_order
            """)
        var tracks: [TrackProgress] = []
        for row in rows {
            tracks.append(
                TrackProgress(
                    id: try row.decode("id"), order: try row.decode("track_order"),
                    title: try row.decode("title", as: String?.self) ?? "", isUploaded: try row.decode("uploaded"),
                    durationSeconds: try row.decode("duration_seconds"),
                    uploadStatus: try row.decode("upload_status"), uploadSeconds: try row.decode("upload_seconds"),
                    processingStatus: try row.decode("processing_status"),
                    processingSeconds: try row.decode("processing_seconds"), renditionURL: try row.decode("url"),
                    renditionBytes: try row.decode("bytes"), error: try row.decode("error")))
        }
        return tracks
    }
}

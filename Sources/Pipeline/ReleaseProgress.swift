package import Foundation
package import MediaContract
package import Postgres

/// How far a release is.
package struct ReleaseProgress: Sendable, Hashable, Codable {
    package let id: UUID
    package let title: String
    package let artist: String?
    /// release_status.
    package let status: String
    package let trackCount: Int
    package let uploadedCount: Int
    package let renderedCount: Int
    /// Its cover is on its way to storage; the tracks are cut when it is there.
    package let awaitsCover: Bool
    /// releases.processing_error as it stands.
    package let recordedFailure: String?
    /// What stops it for good: the first failed upload or processing job of a track that still needs it.
    package let failure: String?
    package let updatedAt: Date
    /// Of all its tracks as one programme, in LUFS; nil until the release is done.
    package let integratedLoudness: Double?
    /// dBTP.
    package let truePeak: Double?

    /// "3 of 12 tracks uploaded, 1 rendered".
    package var sentence: String {
        guard trackCount > 0 else { return "the release has no tracks yet" }
        let tracks = "\(uploadedCount) of \(trackCount) tracks uploaded, \(renderedCount) rendered"
        return awaitsCover ? "\(tracks), the cover not uploaded yet" : tracks
    }
}

extension Catalogue {
    /// Which releases to look at.
    package enum ReleaseFilter: Sendable, Hashable {
        case processing
        case one(UUID)
    }

    package func progress(
        of filter: ReleaseFilter, profile: EncodingProfile = .mp3At320
    ) async throws(PostgresError) -> [ReleaseProgress] {
        let condition: SQL =
            switch filter {
            case .processing: "r.status = 'PROCESSING'"
            case .one(let id): "r.id = \(id)"
            }
        let rows = try await database.query(
            """
            SELECT r.id, coalesce(r.title, '') AS title, u.artist_name, coalesce(r.status::text, '') AS status,
                coalesce(r.updated_at, r.created_at, now()) AS updated_at, r.processing_error,
                EXISTS (
                    SELECT 1 FROM upload_jobs c WHERE c.target_entity_id = r.id AND c.job_type = 'COVER_ART'
                        AND c.status IN ('PENDING', 'UPLOADING')) AS awaits_cover,
                count(t.id) AS track_count,
                count(t.id) FILTER (WHERE t.audio_file_url <> '') AS uploaded_count,
                count(t.id) FILTER (WHERE \(sql: Self.isRendered(profile))) AS rendered_count,
                (array_agg('track ' || t.track_order || ': ' || coalesce(stuck.error_log, 'failed')
                    ORDER BY t.track_order) FILTER (WHERE stuck.id IS NOT NULL))[1] AS failure,
                max(m.integrated_lufs) AS integrated_lufs, max(m.true_peak_dbtp) AS true_peak_dbtp
            FROM releases r LEFT JOIN users u ON u.id = r.artist_id
                LEFT JOIN release_reports m ON m.release_id = r.id
                LEFT JOIN tracks t ON t.release_id = r.id
                LEFT JOIN LATERAL (\(sql: Self.stuckJob(profile))) stuck ON true
            WHERE \(sql: condition)
            GROUP BY r.id, u.artist_name
            ORDER BY updated_at DESC, r.id
            """)
        var releases: [ReleaseProgress] = []
        for row in rows {
            releases.append(
                ReleaseProgress(
                    id: try row.decode("id"), title: try row.decode("title"),
                    artist: try row.decode("artist_name"), status: try row.decode("status"),
                    trackCount: try row.decode("track_count"), uploadedCount: try row.decode("uploaded_count"),
                    renderedCount: try row.decode("rendered_count"), awaitsCover: try row.decode("awaits_cover"),
                    recordedFailure: try row.decode("processing_error"), failure: try row.decode("failure"),
                    updatedAt: try row.decode("updated_at"), integratedLoudness: try row.decode("integrated_lufs"),
                    truePeak: try row.decode("true_peak_dbtp")))
        }
        return releases
    }

    /// The failed job that keeps a track `t` from its rendition: the last upload of a track that has no master, or
    /// the processing job of the master it has.
    private static func stuckJob(_ profile: EncodingProfile) -> SQL {
        """
        SELECT last.id, last.error_log FROM (
            SELECT j.id, j.error_log, j.status::text AS status FROM upload_jobs j
            WHERE t.audio_file_url = '' AND j.target_entity_id = t.id AND j.job_type = 'AUDIO'
            ORDER BY j.created_at DESC LIMIT 1
        ) last WHERE last.status = 'FAILED'
        UNION ALL
        SELECT p.id, p.error_log FROM processing_jobs p
        WHERE p.track_id = t.id AND p.profile = \(profile.name) AND p.status = 'FAILED'
            AND p.master_url = t.audio_file_url AND NOT \(sql: isRendered(profile))
        """
    }

    /// Keeps releases.processing_error true: the reason while a track has failed for good, NULL otherwise.
    func recordFailure(of release: ReleaseProgress) async throws {
        try await database.transaction { transaction in
            try Self.limitLockWait(in: transaction)
            try transaction.execute(
                """
                UPDATE releases SET processing_error = \(release.failure)
                WHERE id = \(release.id) AND status = 'PROCESSING'
                    AND processing_error IS DISTINCT FROM \(release.failure)::text
                """)
        }
    }
}

package import Foundation
package import MediaContract
import Postgres
package import Reports

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
    /// What was measured of the master it holds now; nil until then.
    package let measured: MeasuredMaster?
    /// What the last failed step says.
    package let error: String?
}

/// What a reviewer wants to know of a master at a glance; the whole report lies at `reportURL` as JSON, at `pageURL` to
/// be read.
package struct MeasuredMaster: Sendable, Hashable, Codable {
    /// LUFS; nil for silence.
    package let integratedLoudness: Double?
    /// dBTP; nil for silence.
    package let truePeak: Double?
    /// The gravest first.
    package let findings: [Finding]
    package let duplicates: [PossibleDuplicate]
    package let reportURL: String
    package let pageURL: String
}

extension Catalogue {
    package func tracks(
        of release: UUID, profile: EncodingProfile = .mp3At320
    ) async throws -> [TrackProgress] {
        let rows = try await database.query(
            """
            SELECT t.id, t.track_order, t.title, t.audio_file_url <> '' AS uploaded, t.duration_seconds,
                u.status AS upload_status, u.seconds AS upload_seconds,
                p.status::text AS processing_status,
                extract(epoch FROM p.finished_at - p.started_at)::float8 AS processing_seconds,
                n.url, n.bytes, a.integrated_lufs, a.true_peak_dbtp, a.findings::text AS findings,
                a.duplicates::text AS duplicates, a.report_url, a.page_url,
                coalesce(p.error_log, u.error_log) AS error
            FROM tracks t
                LEFT JOIN processing_jobs p ON p.track_id = t.id AND p.profile = \(profile.name)
                LEFT JOIN renditions n ON n.track_id = t.id AND n.profile = \(profile.name)
                LEFT JOIN audio_reports a ON a.track_id = t.id AND a.source_url = t.audio_file_url
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
                    renditionBytes: try row.decode("bytes"), measured: try measured(row),
                    error: try row.decode("error")))
        }
        return tracks
    }

    private func measured(_ row: PostgresRow) throws -> MeasuredMaster? {
        guard let url = try row.decode("report_url", as: String?.self) else { return nil }
        return MeasuredMaster(
            integratedLoudness: try row.decode("integrated_lufs"), truePeak: try row.decode("true_peak_dbtp"),
            findings: try JSONDecoder.report.decode(
                [Finding].self, from: Data(try row.decode("findings", as: String.self).utf8)),
            duplicates: try JSONDecoder.report.decode(
                [PossibleDuplicate].self, from: Data(try row.decode("duplicates", as: String.self).utf8)),
            reportURL: url, pageURL: try row.decode("page_url"))
    }
}

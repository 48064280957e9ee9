package import Foundation
import Jobs
package import MediaContract
package import Postgres

/// What the workers read of releases and tracks, and the few columns of theirs they write. Statements that belong to
/// a job's completion take the transaction that completes it.
package struct Catalogue: Sendable {
    package let database: Database

    package init(database: Database) {
        self.database = database
    }

    /// A track as its rendition's tags need it.
    package struct Track: Sendable {
        package let id: UUID
        package let releaseID: UUID
        /// '' while it is not uploaded.
        package let audioURL: String
        package let coverURL: String?
        package let tags: TrackTags
    }

    package func track(_ id: UUID) async throws(PostgresError) -> Track? {
        let rows = try await database.query(
            """
            SELECT t.id, t.release_id, t.audio_file_url, r.cover_art_url, t.title, t.isrc, t.track_order,
                r.title AS album, r.genre, u.artist_name,
                (SELECT count(*) FROM tracks s WHERE s.release_id = t.release_id) AS track_count
            FROM tracks t JOIN releases r ON r.id = t.release_id JOIN users u ON u.id = r.artist_id
            WHERE t.id = \(id)
            """)
        guard let row = rows.first else { return nil }
        return Track(
            id: try row.decode("id"), releaseID: try row.decode("release_id"),
            audioURL: try row.decode("audio_file_url"), coverURL: try row.decode("cover_art_url"),
            tags: TrackTags(
                title: try row.decode("title"), artist: try row.decode("artist_name"), album: try row.decode("album"),
                trackNumber: try row.decode("track_order"), trackCount: try row.decode("track_count"),
                isrc: try row.decode("isrc"), genre: try row.decode("genre")))
    }

    package func trackExists(_ id: UUID) async throws(PostgresError) -> Bool {
        try await !database.query("SELECT 1 FROM tracks WHERE id = \(id)").isEmpty
    }

    package func releaseExists(_ id: UUID) async throws(PostgresError) -> Bool {
        try await !database.query("SELECT 1 FROM releases WHERE id = \(id)").isEmpty
    }

    /// The master of a track is in storage.
    /// - Throws: `JobRejection` if the track was deleted meanwhile.
    static func storeMaster(
        track: UUID, url: String, durationSeconds: Int, in transaction: borrowing Transaction
    ) throws {
        let touched = try transaction.execute(
            """
            UPDATE tracks SET audio_file_url = \(url), duration_seconds = \(durationSeconds) WHERE id = \(track)
            """)
        guard touched == 1 else {
            throw JobRejection("track \(track.lowercased) was deleted while its master was uploaded")
        }
    }

    /// The cover of a release is in storage.
    /// - Throws: `JobRejection` if the release was deleted meanwhile.
    static func storeCover(release: UUID, url: String, in transaction: borrowing Transaction) throws {
        guard try transaction.execute("UPDATE releases SET cover_art_url = \(url) WHERE id = \(release)") == 1 else {
            throw JobRejection("release \(release.lowercased) was deleted while its cover was uploaded")
        }
    }

    /// What an upload put into storage, on its own job row.
    static func storeObject(
        job: UUID, key: String, bytes: Int64, in transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.execute("UPDATE upload_jobs SET object_key = \(key), bytes = \(bytes) WHERE id = \(job)")
    }
}

/// A rendition in storage.
package struct StoredRendition: Sendable {
    package let report: TranscodeReport
    /// tracks.audio_file_url it was cut from.
    package let sourceURL: String
    package let key: String
    package let url: String
    /// Of the whole file, 64 hexadecimal digits.
    package let sha256: String
}

extension Catalogue {
    /// Makes this the track's current rendition in its profile, and corrects the track's duration to what was decoded.
    static func storeRendition(
        _ rendition: StoredRendition, track: UUID, in transaction: borrowing Transaction
    ) throws {
        let report = rendition.report
        let source = report.source.format
        let sourceFormat = "\(source.container) \(source.codec) \(source.sampleRate) Hz \(source.channelLayout)"
        try transaction.execute(
            """
            INSERT INTO renditions (track_id, profile, profile_version, source_url, object_key, url, bytes, sha256,
                codec, bit_rate, sample_rate, channels, sample_frames, duration_ms, encoder, source_format, warnings)
            VALUES (\(track), \(report.profile.name), \(report.profile.version), \(rendition.sourceURL),
                \(rendition.key), \(rendition.url), \(report.bytes), \(rendition.sha256), 'mp3',
                \(report.profile.bitRate), \(report.sampleRate), \(report.channels), \(report.sampleFrames),
                \(Int64((report.duration * 1000).rounded())), \(report.encoder), \(sourceFormat),
                \(report.source.warnings + report.warnings))
            ON CONFLICT (track_id, profile) DO UPDATE SET
                profile_version = EXCLUDED.profile_version, source_url = EXCLUDED.source_url,
                object_key = EXCLUDED.object_key, url = EXCLUDED.url, bytes = EXCLUDED.bytes,
                sha256 = EXCLUDED.sha256, codec = EXCLUDED.codec, bit_rate = EXCLUDED.bit_rate,
                sample_rate = EXCLUDED.sample_rate, channels = EXCLUDED.channels,
                sample_frames = EXCLUDED.sample_frames, duration_ms = EXCLUDED.duration_ms,
                encoder = EXCLUDED.encoder, source_format = EXCLUDED.source_format, warnings = EXCLUDED.warnings
            """)
        try transaction.execute(
            """
            UPDATE tracks SET duration_seconds = \(report.source.durationSeconds)
            WHERE id = \(track) AND duration_seconds <> \(report.source.durationSeconds)
            """)
    }
}

extension UUID {
    /// As Postgres prints it.
    package var lowercased: String { uuidString.lowercased() }
}

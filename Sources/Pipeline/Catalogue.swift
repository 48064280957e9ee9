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
        package let releaseID: UUID
        /// '' while it is not uploaded.
        package let audioURL: String
        package let coverURL: String?
        package let tags: TrackTags
    }

    package func track(_ id: UUID) async throws(PostgresError) -> Track? {
        let rows = try await database.query(
            """
            SELECT t.release_id, t.audio_file_url, r.cover_art_url, t.title, t.isrc, t.track_order,
                r.title AS album, r.genre, u.artist_name,
                (SELECT count(*) FROM tracks s WHERE s.release_id = t.release_id) AS track_count
            FROM tracks t JOIN releases r ON r.id = t.release_id LEFT JOIN users u ON u.id = r.artist_id
            WHERE t.id = \(id)
            """)
        guard let row = rows.first else { return nil }
        return Track(
            releaseID: try row.decode("release_id"),
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
    /// - Returns: false if a later upload of the track was completed before this one, whose master stays.
    /// - Throws: `JobRejection` if the track was deleted meanwhile.
    static func storeMaster(
        track: UUID, url: String, durationSeconds: Int, job: UUID, in transaction: borrowing Transaction
    ) throws -> Bool {
        guard try transaction.execute("SELECT 1 FROM tracks WHERE id = \(track) FOR NO KEY UPDATE") == 1 else {
            throw JobRejection("track \(track.lowercased) was deleted while its master was uploaded")
        }
        // The same address may hold another master now: what was cut from the former one is no longer current.
        try transaction.execute(
            "UPDATE renditions SET source_url = '' WHERE track_id = \(track) AND source_url = \(url)")
        return try transaction.execute(
            """
            UPDATE tracks SET audio_file_url = \(url), duration_seconds = \(durationSeconds)
            WHERE id = \(track) AND NOT \(sql: isSuperseded(job))
            """) == 1
    }

    /// The cover of a release is in storage.
    /// - Returns: false if a later upload of its cover was completed before this one.
    /// - Throws: `JobRejection` if the release was deleted meanwhile.
    static func storeCover(
        release: UUID, url: String, job: UUID, in transaction: borrowing Transaction
    ) throws -> Bool {
        guard try transaction.execute("SELECT 1 FROM releases WHERE id = \(release) FOR NO KEY UPDATE") == 1 else {
            throw JobRejection("release \(release.lowercased) was deleted while its cover was uploaded")
        }
        return try transaction.execute(
            "UPDATE releases SET cover_art_url = \(url) WHERE id = \(release) AND NOT \(sql: isSuperseded(job))") == 1
    }

    /// SQL condition: another upload of the same kind to the same target was asked for later and is done already.
    private static func isSuperseded(_ job: UUID) -> SQL {
        """
        EXISTS (
            SELECT 1 FROM upload_jobs mine JOIN upload_jobs later
                ON later.target_entity_id = mine.target_entity_id AND later.job_type = mine.job_type
            WHERE mine.id = \(job) AND later.status = 'COMPLETED' AND later.created_at > mine.created_at)
        """
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
    /// Locks a track's release and then the track, in the order in which the application deletes them.
    /// - Throws: `JobRejection` if either was deleted meanwhile.
    static func lock(track: UUID, of release: UUID, in transaction: borrowing Transaction) throws {
        guard try transaction.execute("SELECT 1 FROM releases WHERE id = \(release) FOR NO KEY UPDATE") == 1,
            try transaction.execute("SELECT 1 FROM tracks WHERE id = \(track) FOR NO KEY UPDATE") == 1
        else { throw JobRejection("track \(track.lowercased) was deleted while it was processed") }
    }

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
            WHERE id = \(track) AND audio_file_url = \(rendition.sourceURL)
                AND duration_seconds <> \(report.source.durationSeconds)
            """)
    }
}

package import Jobs
import MediaContract
import Postgres

extension JobTable {
    /// The application's own queue: one job a master or cover that lies on disk.
    package static let uploads = JobTable(
        name: "upload_jobs", statusType: "upload_job_status", runningStatus: "UPLOADING", kind: "upload",
        targetColumn: "target_entity_id", sourceColumn: "local_path", handlerColumns: ["job_type"],
        // A type that a later version of the application adds is left to a later version of Lathe.
        isKnown: "(job.job_type IS NULL OR job.job_type IN ('AUDIO', 'COVER_ART'))",
        owner: """
            (SELECT r.artist_id FROM releases r
            WHERE r.id = coalesce(
                (SELECT t.release_id FROM tracks t WHERE t.id = job.target_entity_id), job.target_entity_id))
            """)
    /// Ours: one job a track and profile.
    package static let processing = JobTable(
        name: "processing_jobs", statusType: "processing_job_status", runningStatus: "PROCESSING", kind: "processing",
        targetColumn: "track_id", sourceColumn: "master_url",
        // Hosts are updated one after the other: an older one must not cut what asks for a newer profile.
        isKnown: """
            (job.profile = \(EncodingProfile.mp3At320.name) AND job.profile_version <= \(EncodingProfile.mp3At320.version))
            """,
        owner: """
            (SELECT r.artist_id FROM tracks t JOIN releases r ON r.id = t.release_id WHERE t.id = job.track_id)
            """)
    /// Both, in the order a track passes them.
    package static let pipeline = [uploads, processing]
}

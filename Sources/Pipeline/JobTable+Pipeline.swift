package import Jobs

extension JobTable {
    /// The application's own queue: one job a master or cover that lies on disk.
    package static let uploads = JobTable(
        name: "upload_jobs", runningStatus: "UPLOADING", kind: "upload", targetColumn: "target_entity_id",
        sourceColumn: "local_path")
    /// Ours: one job a track and profile.
    package static let processing = JobTable(
        name: "processing_jobs", runningStatus: "PROCESSING", kind: "processing", targetColumn: "track_id",
        sourceColumn: "master_url")
    /// Both, in the order a track passes them.
    package static let pipeline = [uploads, processing]
}

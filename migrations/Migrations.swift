package import Postgres

/// Every migration of Lathe's, in order. A file is never changed once it has shipped; a change is a new file.
package enum Migrations {
    package static let all: [Migration] = [
        Migration(version: 1, name: "app_tables", sql: text(PackageResources._001_app_tables_sql)),
        Migration(version: 2, name: "workers", sql: text(PackageResources._002_workers_sql)),
        Migration(
            version: 3, name: "upload_job_scheduling", sql: text(PackageResources._003_upload_job_scheduling_sql)),
        Migration(version: 4, name: "processing", sql: text(PackageResources._004_processing_sql)),
        Migration(
            version: 5, name: "upload_jobs_pending_index",
            sql: text(PackageResources._005_upload_jobs_pending_index_sql)),
        Migration(
            version: 6, name: "upload_jobs_running_index",
            sql: text(PackageResources._006_upload_jobs_running_index_sql)),
        Migration(
            version: 7, name: "upload_jobs_target_index", sql: text(PackageResources._007_upload_jobs_target_index_sql)),
        Migration(
            version: 8, name: "releases_processing_index",
            sql: text(PackageResources._008_releases_processing_index_sql)),
        Migration(
            version: 9, name: "releases_processing_error",
            sql: text(PackageResources._009_releases_processing_error_sql)),
        Migration(version: 10, name: "job_control", sql: text(PackageResources._010_job_control_sql)),
        Migration(version: 11, name: "upload_job_control", sql: text(PackageResources._011_upload_job_control_sql)),
        Migration(version: 12, name: "doorbell", sql: text(PackageResources._012_doorbell_sql)),
        Migration(version: 13, name: "upload_jobs_doorbell", sql: text(PackageResources._013_upload_jobs_doorbell_sql)),
        Migration(version: 14, name: "releases_doorbell", sql: text(PackageResources._014_releases_doorbell_sql)),
        Migration(
            version: 15, name: "upload_jobs_ready_index",
            sql: text(PackageResources._015_upload_jobs_ready_index_sql)),
        Migration(
            version: 16, name: "processing_jobs_ready_index",
            sql: text(PackageResources._016_processing_jobs_ready_index_sql)),
        Migration(
            version: 17, name: "upload_jobs_pending_index_dropped",
            sql: text(PackageResources._017_upload_jobs_pending_index_dropped_sql)),
        Migration(
            version: 18, name: "processing_jobs_pending_index_dropped",
            sql: text(PackageResources._018_processing_jobs_pending_index_dropped_sql)),
        Migration(version: 19, name: "bells", sql: text(PackageResources._019_bells_sql)),
        Migration(version: 20, name: "upload_jobs_bell", sql: text(PackageResources._020_upload_jobs_bell_sql)),
        Migration(version: 21, name: "releases_bell", sql: text(PackageResources._021_releases_bell_sql)),
        Migration(version: 22, name: "audio_reports", sql: text(PackageResources._022_audio_reports_sql)),
        Migration(version: 23, name: "release_reports", sql: text(PackageResources._023_release_reports_sql)),
        Migration(version: 24, name: "multipart_uploads", sql: text(PackageResources._024_multipart_uploads_sql)),
    ]

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}

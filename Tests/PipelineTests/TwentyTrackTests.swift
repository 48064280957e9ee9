import Foundation
import Pipeline
import Postgres
import ServiceLifecycle
import SystemPackage
import TestSupport
import Testing

/// A whole album over S3 as an operator runs it: the service with its own poll intervals, left alone until the release
/// is reviewable.
@Suite(.serialized, .timeLimit(.minutes(5))) struct TwentyTrackTests {
    static let masters = ["01-first-cut.flac", "02-slow-feed.wav", "03-three-jaw-lullaby.flac", "04-parting-off.flac"]

    @Test(arguments: [S3TestServer.Program.juicefs, .rclone])
    func anAlbumOfTwentyTracksOverS3(program: S3TestServer.Program) async throws {
        let server = try await S3TestServer.shared(program)
        let bucket = "album-\(UUID().uuidString.prefix(8).lowercased())"
        try await server.makeBucket(bucket)
        let bench = try await Workbench()
        let release = try await bench.app.release(
            title: "Twenty", status: "DRAFT", tracks: (1...20).map { "Track \($0)" })
        var configuration = PipelineConfiguration(
            database: bench.test.connectionString, storage: StorageConfiguration(url: "s3://\(bucket)"),
            uploadRoots: [bench.uploads.string])
        configuration.storage.endpoint = server.endpoint
        configuration.storage.credentials = .init(accessKeyID: server.accessKey, secretAccessKey: server.secretKey)
        configuration.workDirectory = bench.work.string
        configuration.mediaExecutable = RepositoryPaths.buildProducts.appending("lathe-media").string

        let workers = try WorkerManager(configuration, logger: TestDatabase.logger)
        let group = ServiceGroup(services: [workers], logger: TestDatabase.logger)
        async let running: Void = group.run()
        let start = ContinuousClock.now
        for (index, track) in release.tracks.enumerated() {
            let master = Self.masters[index % 4]
            let path = try bench.upload("music/\(master)", as: "\(index + 1)-\(master)")
            _ = try await bench.app.upload(path, to: track)
        }
        _ = try await bench.app.upload(try bench.upload("music/cover.jpg"), to: release.id, type: "COVER_ART")
        #expect(try await bench.catalogue.submit(release.id))
        while try await bench.releaseStatus(release.id) == "PROCESSING" {
            try await Task.sleep(for: .milliseconds(100))
        }
        let took = start.duration(to: .now)
        await group.triggerGracefulShutdown()
        try await running

        #expect(try await bench.releaseStatus(release.id) == "PENDING_REVIEW")
        let states = try await bench.database.query(
            """
            SELECT 'upload_jobs ' || job_type || ' ' || status AS state, count(*) AS rows FROM upload_jobs GROUP BY 1
            UNION ALL SELECT 'processing_jobs ' || status, count(*) FROM processing_jobs GROUP BY 1
            UNION ALL SELECT 'tracks with a master and a rendition of it', count(*) FROM tracks t
                JOIN renditions n ON n.track_id = t.id AND n.source_url = t.audio_file_url
            UNION ALL SELECT 'jobs tried more than once', count(*) FROM (
                SELECT attempt_count FROM upload_jobs UNION ALL SELECT attempt_count FROM processing_jobs) a
                WHERE attempt_count > 1
            ORDER BY 1
            """
        ).map { "\(try $0.decode("state", as: String.self)): \(try $0.decode("rows", as: Int.self))" }
        #expect(
            states == [
                "jobs tried more than once: 0", "processing_jobs COMPLETED: 20",
                "tracks with a master and a rendition of it: 20", "upload_jobs AUDIO COMPLETED: 20",
                "upload_jobs COVER_ART COMPLETED: 1",
            ])
        print("20 tracks over \(program): PENDING_REVIEW \(took) after the first upload was queued; \(states)")
    }
}

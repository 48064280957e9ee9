import Foundation
import Jobs
import Pipeline
import Postgres
import TestSupport
import Testing

/// The same pipeline over S3, and storage that is down, missing or shut: no job fails by it, and all go on by
/// themselves.
@Suite(.timeLimit(.minutes(5))) struct StorageOutageTests {
    private func configure(_ configuration: inout PipelineConfiguration, for server: S3TestServer, bucket: String) {
        configuration.storage = StorageConfiguration(url: "s3://\(bucket)/catalogue")
        configuration.storage.endpoint = server.endpoint
        configuration.storage.credentials = .init(accessKeyID: server.accessKey, secretAccessKey: server.secretKey)
    }

    private func bucketName() -> String { "lathe-\(UUID().uuidString.prefix(12).lowercased())" }

    @Test(arguments: [S3TestServer.Program.juicefs, .rclone])
    func aReleaseOverS3(program: S3TestServer.Program) async throws {
        let server = try await S3TestServer.shared(program)
        let bucket = bucketName()
        try await server.makeBucket(bucket)
        let bench = try await Workbench()
        let release = try await bench.app.release(status: "PROCESSING", tracks: ["One", "Two"])
        for (track, master) in zip(release.tracks, ReleaseTests.masters) {
            _ = try await bench.app.upload(try bench.upload(master), to: track)
        }
        try await bench.drain { configure(&$0, for: server, bucket: bucket) }
        #expect(try await bench.releaseStatus(release.id) == "PENDING_REVIEW")
        for track in try await bench.catalogue.tracks(of: release.id) {
            #expect(track.renditionURL?.hasPrefix("\(server.endpoint)/\(bucket)/catalogue/renditions/") == true)
        }
    }

    @Test func aTrackDeletedWhileItsMasterIsUploadedFailsTheJobAndNothingElse() async throws {
        let server = try await S3TestServer.juicefs()
        let bucket = bucketName()
        try await server.makeBucket(bucket)
        let bench = try await Workbench()
        let release = try await bench.app.release(tracks: ["One", "Two"])
        let id = try await bench.app.upload(try bench.upload(ReleaseTests.masters[0]), to: release.tracks[0])
        server.pause()
        async let work = bench.drain { configure(&$0, for: server, bucket: bucket) }
        while try await bench.uploadJob(id)?.status != "UPLOADING" {
            try await Task.sleep(for: .milliseconds(5))
        }
        try await bench.database.execute("DELETE FROM tracks WHERE id = \(release.tracks[0])")
        server.resume()
        #expect(try await work.failed == 1)
        let job = try #require(try await bench.uploadJob(id))
        #expect(job.status == "FAILED")
        #expect(job.error?.contains("was deleted") == true, "\(job.error ?? "")")
        #expect(try await bench.catalogue.tracks(of: release.id).count == 1)
        await server.stop()
    }

    enum Fault: CaseIterable { case down, wrongSecret, bucketMissing }

    @Test(arguments: Fault.allCases)
    func anOutageBurnsNoRetryAndTheJobGoesOnAfterIt(fault: Fault) async throws {
        let server = try await S3TestServer.juicefs()
        let bucket = bucketName()
        try await server.makeBucket(bucket)
        let bench = try await Workbench()
        let release = try await bench.app.release(status: "PROCESSING")
        let id = try await bench.app.upload(try bench.upload(ReleaseTests.masters[0]), to: release.tracks[0])
        if fault == .down { await server.stop() }
        try await bench.drain {
            configure(&$0, for: server, bucket: fault == .bucketMissing ? "nobody-made-this" : bucket)
            if fault == .wrongSecret { $0.storage.credentials?.secretAccessKey = "wrong-secret-wrong-secret" }
        }
        let job = try #require(try await bench.uploadJob(id))
        #expect(job.status == "PENDING")
        #expect(job.retryCount == 0)
        let error = try #require(job.error)
        #expect(!error.contains("wrong-secret-wrong-secret"))
        #expect(error.contains(fault == .bucketMissing ? "nobody-made-this" : server.endpoint), "\(error)")

        if fault == .down { try await server.restart() }
        try await bench.database.execute("UPDATE upload_jobs SET run_after = now()")
        try await bench.drain { configure(&$0, for: server, bucket: bucket) }
        #expect(try await bench.releaseStatus(release.id) == "PENDING_REVIEW")
        await server.stop()
    }
}

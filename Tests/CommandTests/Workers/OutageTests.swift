import Foundation
import Postgres
import PrivatePostgres
import TestSupport
import Testing

/// `lathe work` while its database is away for longer than a lease can last, or crashes.
struct OutageTests {
    /// Without a beat for 9 s a worker stops its own work; after 15 s others may take it; this is a minute of refused
    /// connections.
    private static let longOutage = Duration.seconds(60)

    /// One track after the other, so that there is always one that runs.
    private static let settings = ["LATHE_PROCESSING_CONCURRENCY": "1", "LATHE_UPLOAD_CONCURRENCY": "1"]

    private func isWorking(_ stage: Stage) async throws {
        try await eventually("some are done, some not") {
            try await stage.value("SELECT count(*) FROM renditions", as: Int.self) >= 1
        }
    }

    /// Whatever happened meanwhile: each job is done and was counted for nothing.
    private func expectNothingBurnt(_ stage: Stage, jobs: Int) async throws {
        for table in ["upload_jobs", "processing_jobs"] {
            let rows = try await stage.database.query(
                "SELECT status::text, retry_count, crash_count, error_log FROM \(identifier: table)")
            #expect(rows.count == jobs, "\(table)")
            for row in rows {
                #expect(try row.decode("status") == "COMPLETED", "\(table)")
                #expect(try row.decode("retry_count", as: Int.self) == 0, "\(table)")
                #expect(try row.decode("crash_count", as: Int.self) == 0, "\(table)")
            }
        }
    }

    /// Two hosts lose the database together: neither may take the other for dead when they are back.
    @Test func anOutageLongerThanALeaseCountsForNothing() async throws {
        let stage = try await Stage(ownServer: true)
        let release = try await stage.submittedRelease(lengths: (0..<6).map { 44_100 * 60 * 3 + $0 })
        let reviewed = AsyncStream<Void>.makeStream()
        async let second = stage.work(settings: Self.settings, limit: .seconds(240)) { lathe in
            try await eventually("it has lost its lease", within: .seconds(120)) {
                lathe.error.contains("running jobs are cancelled")
            }
            for await _ in reviewed.stream {}
            lathe.signal(SIGTERM)
        }
        let first = try await stage.work(settings: Self.settings, limit: .seconds(240)) { lathe in
            defer { reviewed.continuation.finish() }
            try await eventually("both work") {
                try await stage.value(
                    "SELECT count(DISTINCT worker_id) FROM processing_jobs WHERE status = 'PROCESSING'", as: Int.self)
                    == 2
            }
            await stage.test.server.stopServer()
            let start = ContinuousClock.now
            try await eventually("it stops its work by itself") { lathe.error.contains("running jobs are cancelled") }
            try await eventually("it waits") { lathe.error.contains("waiting for the database") }
            try await Task.sleep(until: start + Self.longOutage)
            try await stage.test.server.startServer()
            try await stage.reviewable(release.id, within: .seconds(120))
            lathe.signal(SIGTERM)
        }
        for outcome in [first.outcome, try await second.outcome] {
            #expect(outcome.status == .exited(0), "\(outcome.error)")
            #expect(!outcome.error.contains("of a lost worker"), "\(outcome.error)")
        }
        try await expectNothingBurnt(stage, jobs: 6)
        #expect(try await stage.value("SELECT count(*) FROM workers", as: Int.self) == 0)
        await stage.test.server.stop()
    }

    @Test func aServerThatCrashesUnderTheWorkIsWaitedFor() async throws {
        let stage = try await Stage(ownServer: true)
        let release = try await stage.submittedRelease(lengths: (0..<6).map { 44_100 * 10 + $0 })
        let (outcome, _) = try await stage.work(settings: Self.settings, limit: .seconds(180)) { lathe in
            for _ in 0..<2 {
                try await isWorking(stage)
                try await stage.test.server.crash()
                try await stage.test.server.startServer()
            }
            try await stage.reviewable(release.id, within: .seconds(120))
            lathe.signal(SIGTERM)
        }
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        try await expectNothingBurnt(stage, jobs: 6)
        await stage.test.server.stop()
    }

    @Test func aWorkerStopsWhenAskedThoughItsDatabaseIsAway() async throws {
        let stage = try await Stage(ownServer: true)
        _ = try await stage.submittedRelease(lengths: (0..<6).map { 44_100 * 60 * 3 + $0 })
        let settings = Self.settings.merging(["LATHE_DRAIN_SECONDS": "1"]) { $1 }
        let (outcome, _) = try await stage.work(settings: settings) { lathe in
            try await eventually("it works") {
                try await stage.value("SELECT count(*) FROM processing_jobs WHERE status = 'PROCESSING'", as: Int.self)
                    == 1
            }
            await stage.test.server.stopServer()
            try await eventually("it has noticed") { lathe.error.contains(/could not|no beat/) }
            lathe.signal(SIGTERM)
            try await eventually("it has ended", within: .seconds(30)) { lathe.hasEnded }
        }
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        try await stage.test.server.startServer()
        #expect(
            try await stage.value("SELECT bool_and(retry_count = 0 AND status <> 'FAILED') FROM processing_jobs"))
        await stage.test.server.stop()
    }
}

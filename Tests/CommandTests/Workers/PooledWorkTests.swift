import Foundation
import Migrations
import Postgres
import PrivatePostgres
import TestSupport
import Testing

/// Lathe with PgBouncer before its database.
struct PooledWorkTests {
    private static let noDoorbell = "no doorbell: a pooler stands before the database"

    /// A stage whose commands reach the database through a pooler.
    private func pooledStage(
        _ mode: PgBouncer.PoolMode = .transaction, settings: [String: String] = [:], isMigrated: Bool = true,
        ownServer: Bool = false
    ) async throws -> (Stage, PgBouncer) {
        var stage = try await Stage(isMigrated: isMigrated, ownServer: ownServer)
        let pooler = try await PgBouncer.start(before: stage.test, poolMode: mode, settings: settings)
        stage.environment["DATABASE_URL"] = pooler.connectionString
        return (stage, pooler)
    }

    private func expectNoComplaint(_ outcome: Lathe.Outcome) {
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(!outcome.error.contains("prepared statement"), "\(outcome.error)")
        #expect(!outcome.error.contains("error"), "\(outcome.error)")
    }

    /// Every job ran once and was counted for nothing.
    private func expectNothingBurnt(_ stage: Stage, jobs: Int, claims: Int? = 1) async throws {
        for table in ["upload_jobs", "processing_jobs"] {
            let clean: Int = try await stage.value(
                """
                SELECT count(*) FROM \(identifier: table)
                WHERE status = 'COMPLETED' AND retry_count = 0 AND crash_count = 0
                    AND (\(claims)::integer IS NULL OR attempt_count = \(claims))
                """)
            #expect(clean == jobs, "\(table)")
        }
    }

    @Test(arguments: [PgBouncer.PoolMode.transaction, .session])
    func drainCarriesAReleaseToReview(mode: PgBouncer.PoolMode) async throws {
        // In transaction mode one server process at a time, a new one for each transaction; a session must not wait for
        // another's end.
        let settings =
            mode == .transaction
            ? ["default_pool_size": "1", "server_lifetime": "0"] : ["default_pool_size": "20"]
        let (stage, pooler) = try await pooledStage(mode, settings: settings)
        let release = try await stage.submittedRelease(lengths: [44_100, 100_037, 23_456])
        let outcome = try await stage.lathe("work", "--drain")
        expectNoComplaint(outcome)
        #expect(outcome.outputLines == ["6 done, 0 wait for another try, 0 failed, 0 given back"])
        #expect(try await stage.status(ofRelease: release.id) == "PENDING_REVIEW")
        try await expectNothingBurnt(stage, jobs: 3)
        #expect(try await stage.value("SELECT count(*) FROM workers", as: Int.self) == 0)
        await pooler.stop()
    }

    @Test(arguments: [PgBouncer.PoolMode.transaction, .session])
    func withoutADoorbellThePollsDoTheWork(mode: PgBouncer.PoolMode) async throws {
        let (stage, pooler) = try await pooledStage(mode, settings: ["default_pool_size": "20"])
        let (outcome, _) = try await stage.work { lathe in
            try await eventually("it says that there is no doorbell") { lathe.error.contains(Self.noDoorbell) }
            for _ in 0..<2 {
                let release = try await stage.submittedRelease(lengths: [20_000, 30_000])
                try await stage.reviewable(release.id)
            }
            lathe.signal(SIGTERM)
        }
        expectNoComplaint(outcome)
        #expect(outcome.errorLines.count { $0.contains(Self.noDoorbell) } == 1, "\(outcome.error)")
        try await expectNothingBurnt(stage, jobs: 4)
        await pooler.stop()
    }

    @Test func aPoolerThatIsRestartedCostsNoRetryAndWorkGoesOn() async throws {
        let (stage, pooler) = try await pooledStage()
        let release = try await stage.submittedRelease(lengths: (0..<6).map { 44_100 * 10 + $0 })
        let (outcome, _) = try await stage.work(settings: ["LATHE_PROCESSING_CONCURRENCY": "1"]) { lathe in
            try await eventually("some are done, some not") {
                try await stage.value("SELECT count(*) FROM renditions", as: Int.self) >= 1
            }
            await pooler.stop()
            try await eventually("it has noticed") { lathe.error.contains(/could not|no beat/) }
            try await Task.sleep(for: .seconds(2))
            try await pooler.start()
            try await stage.reviewable(release.id)
            lathe.signal(SIGTERM)
        }
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(outcome.errorLines.count { $0.contains(Self.noDoorbell) } == 1, "\(outcome.error)")
        try await expectNothingBurnt(stage, jobs: 6, claims: nil)
        await pooler.stop()
    }

    /// The pooler stays and keeps its clients waiting: statements get no answer instead of an error.
    @Test func aServerThatIsAwayBehindThePoolerCostsNoRetryAndWorkGoesOn() async throws {
        let (stage, pooler) = try await pooledStage(ownServer: true)
        let release = try await stage.submittedRelease(lengths: (0..<6).map { 44_100 * 30 + $0 })
        let settings = ["LATHE_PROCESSING_CONCURRENCY": "1"]
        let (outcome, _) = try await stage.work(settings: settings, limit: .seconds(180)) { lathe in
            try await eventually("some are done, some not") {
                try await stage.value("SELECT count(*) FROM renditions", as: Int.self) >= 1
            }
            await stage.test.server.stopServer()
            try await eventually("it stops its work by itself") { lathe.error.contains("running jobs are cancelled") }
            try await Task.sleep(for: .seconds(7))
            try await stage.test.server.startServer()
            try await stage.reviewable(release.id, within: .seconds(120))
            lathe.signal(SIGTERM)
        }
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        try await expectNothingBurnt(stage, jobs: 6, claims: nil)
        await pooler.stop()
        await stage.test.server.stop()
    }

    @Test(arguments: [PgBouncer.PoolMode.transaction, .session])
    func migratingThroughAPoolerIsRefusedInOneLine(mode: PgBouncer.PoolMode) async throws {
        let (stage, pooler) = try await pooledStage(mode, isMigrated: false)
        let refused = try await stage.lathe("migrate")
        #expect(refused.status == .exited(78), "\(refused.error)")
        #expect(refused.output == "")
        #expect(refused.errorLines.count == 1 && refused.error.contains("connect straight"), "\(refused.error)")
        #expect(try await stage.value("SELECT to_regclass('lathe_migrations') IS NULL"))

        let status = try await stage.lathe("migrate", "--status")
        #expect(status.status == .exited(0), "\(status.error)")
        let straight = try await stage.lathe("migrate", "--database", stage.test.connectionString)
        #expect(straight.status == .exited(0), "\(straight.error)")
        await pooler.stop()
    }
}

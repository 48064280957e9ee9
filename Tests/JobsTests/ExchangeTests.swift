import Foundation
import Postgres
import TestSupport
import Testing

@testable import Jobs

/// What an exchange does with verdicts that hold no longer, and beside others that do.
@Suite struct ExchangeTests {
    let tests: JobQueueTests

    init() async throws {
        tests = try await JobQueueTests()
    }

    /// One worker has two attempts at a job: the first one's row was changed by hand, or it was cancelled and retried, and
    /// the same worker claimed it anew. Both end within one linger, so both verdicts are in one exchange.
    @Test(arguments: [true, false])
    func aStaleVerdictBesideAFreshOneWritesNothing(isStaleFirst: Bool) async throws {
        let id = try await tests.insert()[0]
        let stale = try await tests.claimOne()
        #expect(try await tests.queue.cancel(id) == .done)
        #expect(try await tests.queue.retry(id) == .done)
        let fresh = try await tests.claimOne()
        let verdicts = [
            Verdict(.fail("of a cancelled attempt"), of: stale, policy: tests.queue.policy),
            Verdict(.finished("done"), of: fresh, policy: tests.queue.policy),
        ]
        let exchange = try await tests.queue.exchange(
            isStaleFirst ? verdicts : verdicts.reversed(), claiming: 0, for: tests.worker)
        let status = try await tests.status(id)
        let history = try await tests.queue.history(of: id).map(\.outcome)
        do {
            #expect(exchange.lost == [stale.lease])
            #expect(status == "COMPLETED")
            #expect(history == ["cancelled", "completed"])
        }
    }

    /// A row that a live worker holds and nobody runs is given back, whatever a hand did to its lease.
    @Test(arguments: ["gen_random_uuid()", "NULL"])
    func aRunningRowWithoutItsLeaseIsGivenBack(lease: String) async throws {
        let database = tests.database
        let id = try await tests.insert()[0]
        _ = try await tests.claimOne()
        try await database.execute(SQL(unsafeRaw: "UPDATE upload_jobs SET lease_token = \(lease)"))
        try await database.transaction { transaction in
            try transaction.execute("SET LOCAL session_replication_role = replica")
            try transaction.execute("UPDATE upload_jobs SET updated_at = now() - interval '1 hour'")
        }
        let beats = WorkerLease(
            database: database, tables: [JobQueueTests.table], version: "test", logger: TestDatabase.logger)
        for _ in 0..<3 {
            let strays = try #require(try await beats.beat(tests.worker, within: .seconds(10)))
            await beats.release(strays, of: tests.worker)
        }
        _ = try await tests.queue.takeBackLostJobs()
        let status = try await tests.status(id)
        #expect(status == "PENDING")
    }
}

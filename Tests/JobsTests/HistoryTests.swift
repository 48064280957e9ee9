import Foundation
import Postgres
import TestSupport
import Testing

@testable import Jobs

/// The history of attempts, and how long it is kept.
@Suite struct HistoryTests {
    let database: Database
    let queue: JobQueue
    let worker: UUID

    init() async throws {
        database = try await TestDatabase.migrated().pool(maximumConnections: 4)
        queue = JobQueue(table: JobQueueTests.table, database: database)
        worker = try await JobQueueTests.register(in: database)
    }

    func claim(_ id: UUID) async throws -> ClaimedJob {
        try await database.execute("UPDATE upload_jobs SET run_after = now() WHERE id = \(id)")
        return try #require(try await queue.claim(limit: 1, worker: worker).first)
    }

    @Test func everyAttemptHasItsRowAndIsCountedApart() async throws {
        let id = try await AppRows(database).upload("/masters/a.wav", to: UUID())
        for outcome: JobOutcome in [.snooze("down"), .retry("reset"), .released, .done { _ in "" }] {
            _ = try await queue.settle(try await claim(id), as: outcome)
        }
        let history = try await queue.history(of: id)
        #expect(history.map(\.outcome) == ["snoozed", "retried", "released", "completed"])
        #expect(history.map(\.error) == ["down", "reset", nil, nil])
        #expect(history.map(\.attempt) == [1, 2, 3, 4])
        #expect(history.allSatisfy { $0.worker?.contains(":") == true && $0.startedAt.map { $0 <= Date() } == true })
        let record = try #require(try await queue.find(id))
        #expect(record.retryCount == 1 && record.releaseCount == 1 && record.crashCount == 0)
        #expect(record.attemptCount == 4)
    }

    @Test func aCrashAndTheLastFailureAreNamed() async throws {
        let id = try await AppRows(database).upload("/masters/a.wav", to: UUID())
        let dead = try await JobQueueTests.register(in: database)
        #expect(try await queue.claim(limit: 1, worker: dead).count == 1)
        try await database.execute("UPDATE workers SET beat_at = now() - interval '16 s' WHERE id = \(dead)")
        #expect(try await queue.takeBackLostJobs().count == 1)
        for _ in 1...4 { _ = try await queue.settle(try await claim(id), as: .retry("reset")) }
        let history = try await queue.history(of: id)
        #expect(history.map(\.outcome) == ["crashed", "retried", "retried", "retried", "failed"])
        #expect(history.first?.error?.contains("crash 1 of 3") == true)
    }

    /// Several verdicts in one statement: one that holds, one whose lease was taken away, one whose row is locked.
    @Test func anExchangeWritesWhatHoldsAndTellsTheRestApart() async throws {
        for index in 0..<4 { _ = try await AppRows(database).upload("/masters/\(index).wav", to: UUID()) }
        let jobs = try await queue.claim(limit: 3, worker: worker)
        try await database.execute("UPDATE upload_jobs SET lease_token = gen_random_uuid() WHERE id = \(jobs[1].id)")
        let other = try await TestLock(database, on: jobs[2].id)
        let verdicts = jobs.map { Verdict(.finished("ok"), of: $0, policy: queue.policy) }
        let exchange = try await queue.exchange(verdicts, claiming: 2, for: worker)
        #expect(exchange.lost == [jobs[1].lease])
        #expect(exchange.locked == [jobs[2].lease])
        #expect(exchange.claimed.count == 1, "and it claimed what was left")
        #expect(try await queue.find(jobs[0].id)?.status == "COMPLETED")
        #expect(try await queue.find(jobs[1].id)?.status == "UPLOADING")
        await other.release()
        let again = try await queue.exchange([verdicts[2]], claiming: 0, for: worker)
        #expect(again.locked.isEmpty && again.lost.isEmpty)
        #expect(try await queue.find(jobs[2].id)?.status == "COMPLETED")
    }

    @Test func theNextDueJobIsTold() async throws {
        let id = try await AppRows(database).upload("/masters/a.wav", to: UUID())
        try await database.execute("UPDATE upload_jobs SET run_after = now() + interval '100 s' WHERE id = \(id)")
        let exchange = try await queue.exchange([], claiming: 4, for: worker)
        let due = try #require(exchange.nextDue)
        #expect(due > .seconds(50) && due <= .seconds(100))
    }

    @Test(arguments: [(0, 0), (1, 1), (8, 8), (9, 8), (11, 10), (17, 16), (31, 28), (100, 96), (128, 128), (500, 128)])
    func limitsAreRoundedDownToAFew(limit: Int, rounded: Int) {
        #expect(JobQueue.roundedLimit(limit) == rounded)
    }

    @Test func onlyWhatIsOlderThanItsRetentionIsPruned() async throws {
        for _ in 0..<3 { _ = try await AppRows(database).upload("/masters/a.wav", to: UUID()) }
        for job in try await queue.claim(limit: 2, worker: worker) {
            _ = try await queue.settle(job, as: .finished(""))
        }
        try await database.execute(
            """
            WITH old AS (UPDATE job_attempts SET ended_at = now() - interval '31 days' WHERE attempt = 1
                AND job_id = (SELECT id FROM upload_jobs WHERE status = 'COMPLETED' LIMIT 1) RETURNING job_id)
            UPDATE upload_jobs SET finished_at = now() - interval '31 days' WHERE id IN (SELECT job_id FROM old)
            """)
        func counts() async throws -> [Int] {
            let row = try await database.query(
                "SELECT (SELECT count(*) FROM job_attempts) AS a, (SELECT count(*) FROM upload_jobs) AS j"
            ).single()
            return [try row.decode("a"), try row.decode("j")]
        }
        var retention = Retention()
        await HistoryPruner(queues: [queue], retention: retention, logger: TestDatabase.logger).prune()
        #expect(try await counts() == [1, 3], "jobs are kept unless asked")
        retention.completed["upload"] = .seconds(30 * 86_400)
        await HistoryPruner(queues: [queue], retention: retention, logger: TestDatabase.logger).prune()
        #expect(try await counts() == [1, 2])
    }
}

/// Another session that keeps a job's row locked.
private struct TestLock {
    private let letGo: AsyncStream<Void>.Continuation
    private let task: Task<Void, any Error>

    init(_ database: Database, on id: UUID) async throws {
        let (held, heldSignal) = AsyncStream<Void>.makeStream()
        let (released, letGo) = AsyncStream<Void>.makeStream()
        self.letGo = letGo
        task = Task {
            try await database.withConnection { connection in
                try await connection.execute("BEGIN")
                try await connection.execute("SELECT 1 FROM upload_jobs WHERE id = \(id) FOR UPDATE")
                heldSignal.yield()
                for await _ in released { break }
                try await connection.execute("COMMIT")
            }
        }
        for await _ in held { break }
    }

    func release() async {
        letGo.yield()
        _ = try? await task.value
    }
}

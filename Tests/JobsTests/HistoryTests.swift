import Foundation
import Postgres
import TestSupport
import Testing

@testable import Jobs

/// The history of attempts, and how long it is kept.
@Suite(.timeLimit(.minutes(2))) struct HistoryTests {
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

import Foundation
import Postgres
import TestSupport
import Testing

@testable import Jobs

/// What an exchange writes and claims, and what it leaves alone.
@Suite(.timeLimit(.minutes(2))) struct ExchangeTests {
    let tests: JobQueueTests

    var database: Database { tests.database }
    var queue: JobQueue { tests.queue }
    var worker: UUID { tests.worker }

    init() async throws {
        tests = try await JobQueueTests()
    }

    /// One worker has two attempts at a job: the first one's row was changed by hand, or it was cancelled and retried,
    /// and the same worker claimed it anew. Both end within one linger, so both verdicts are in one exchange.
    @Test(arguments: [true, false])
    func aStaleVerdictBesideAFreshOneWritesNothing(isStaleFirst: Bool) async throws {
        let id = try await tests.insert()[0]
        let stale = try await tests.claimOne()
        #expect(try await queue.cancel(id) == .done)
        #expect(try await queue.retry(id) == .done)
        let fresh = try await tests.claimOne()
        let verdicts = [
            Verdict(.fail("of a cancelled attempt"), of: stale, policy: queue.policy),
            Verdict(.finished("done"), of: fresh, policy: queue.policy),
        ]
        let exchange = try await queue.exchange(
            isStaleFirst ? verdicts : verdicts.reversed(), claiming: 0, for: worker)
        #expect(exchange.lost == [stale.lease])
        #expect(try await tests.status(id) == "COMPLETED")
        #expect(try await queue.history(of: id).map(\.outcome) == ["cancelled", "completed"])
    }

    /// A row that a live worker holds and nobody runs is given back, whatever a hand did to its lease.
    @Test(arguments: ["gen_random_uuid()", "NULL"])
    func aRunningRowWithoutItsLeaseIsGivenBack(lease: String) async throws {
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
            let strays = try #require(try await beats.beat(worker, within: .seconds(10)))
            await beats.release(strays, of: worker)
        }
        _ = try await queue.takeBackLostJobs()
        #expect(try await tests.status(id) == "PENDING")
    }

    /// Several verdicts in one statement: one that holds, one whose lease was taken away, one whose row is locked.
    @Test func anExchangeWritesWhatHoldsAndTellsTheRestApart() async throws {
        _ = try await tests.insert(4)
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
        let id = try await tests.insert()[0]
        try await database.execute("UPDATE upload_jobs SET run_after = now() + interval '100 s' WHERE id = \(id)")
        let exchange = try await queue.exchange([], claiming: 4, for: worker)
        let due = try #require(exchange.nextDue)
        #expect(due > .seconds(50) && due <= .seconds(100))
    }

    @Test(arguments: [(0, 0), (1, 1), (8, 8), (9, 8), (11, 10), (17, 16), (31, 28), (100, 96), (128, 128), (500, 128)])
    func limitsAreRoundedDownToAFew(limit: Int, rounded: Int) {
        #expect(JobQueue.roundedLimit(limit) == rounded)
    }

    // MARK: What is due

    @Test func aJobParkedForEverStopsNoOther() async throws {
        let ids = try await tests.insert(2)
        try await database.execute("UPDATE upload_jobs SET run_after = 'infinity' WHERE id = \(ids[0])")
        let exchange = try await queue.exchange([], claiming: 4, for: worker)
        #expect(exchange.claimed.map(\.id) == [ids[1]])
        #expect(exchange.nextDue == nil)
        let statistics = try await queue.statistics()
        #expect(statistics.due == 0 && statistics.later == 1 && statistics.running == 1)
        #expect(statistics.longestWait == 0)
        #expect(Set(try await queue.list().map(\.id)) == Set(ids))
        #expect(try await queue.find(ids[0])?.runAfter == nil)
    }

    /// What an exchange puts back is not among what it sees waiting.
    @Test func aJobPutBackIsClaimedWhenItsTimeComesAndNotByTheNextPoll() async throws {
        var policy = RetryPolicy()
        policy.base = .seconds(1)
        let id = try await tests.insert()[0]
        let (attempts, attempt) = AsyncStream<ClaimedJob>.makeStream()
        let handler = ClosureHandler { job in
            attempt.yield(job)
            return job.attempt == 1 ? .snooze("storage is down") : .finished("")
        }
        let jobWorker = JobWorker(
            queue: JobQueue(table: JobQueueTests.table, database: database, policy: policy), handler: handler,
            settings: .init(pollInterval: .seconds(600), concurrency: 1, drainTime: .seconds(1)),
            logger: TestDatabase.logger)
        let run = Task { [worker] in try await jobWorker.run(as: worker, mode: .forever) }
        defer { run.cancel() }
        let second = try await withTimeout(.seconds(60)) {
            for await job in attempts where job.attempt == 2 { return job as ClaimedJob? }
            return nil
        }
        let job = try #require(second)
        #expect(job.id == id)
        let row = try await tests.row(id)
        let due: Date = try row.decode("run_after")
        let started: Date = try row.decode("started_at")
        #expect((0..<30).contains(started.timeIntervalSince(due)))
        run.cancel()
        _ = await run.result
    }

    // MARK: Operators

    /// Every job that is retried fails again before the next is looked at.
    @Test func retryingAllEndsThoughTheyFailAgainAtOnceAndLeavesTheCancelled() async throws {
        let ids = try await tests.insert(4)
        for job in try await queue.claim(limit: 3, worker: worker) {
            _ = try await queue.settle(job, as: .fail("broken"))
        }
        #expect(try await queue.cancel(ids[3]) == .done)
        try await database.execute(
            """
            CREATE FUNCTION fail_again() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                NEW.status := 'FAILED';
                NEW.finished_at := clock_timestamp();
                RETURN NEW;
            END $$
            """)
        try await database.execute(
            """
            CREATE TRIGGER fail_again BEFORE UPDATE ON upload_jobs FOR EACH ROW
            WHEN (OLD.status = 'FAILED' AND NEW.status = 'PENDING') EXECUTE FUNCTION fail_again()
            """)
        let retried = try await withTimeout(.seconds(60)) { [queue] in try await queue.retryAllFailed() }
        #expect(retried == 3)
        #expect(try await queue.find(ids[3])?.error?.contains("cancelled by an operator") == true)
        try await database.execute("DROP TRIGGER fail_again ON upload_jobs")
        #expect(try await queue.retryAllFailed() == 3, "the next order finds them again")
        #expect(try await tests.status(ids[3]) == "FAILED")
        #expect(try await tests.status(ids[0]) == "PENDING")
    }

    // MARK: Turns

    @Test(arguments: [JobOutcome.finished(""), .fail("broken")])
    func aTurnIsDroppedWhenTheJobEnds(outcome: JobOutcome) async throws {
        let id = try await withTurn()
        let verdict = Verdict(outcome, of: try await tests.claimOne(), policy: queue.policy)
        _ = try await queue.exchange([verdict], claiming: 0, for: worker)
        #expect(try await turn(id) == nil)
    }

    @Test func aTurnIsKeptWhileTheJobIsPutBackAndDroppedWhenAnOperatorRetriesIt() async throws {
        let id = try await withTurn()
        let verdict = Verdict(.retry("reset"), of: try await tests.claimOne(), policy: queue.policy)
        _ = try await queue.exchange([verdict], claiming: 0, for: worker)
        #expect(try await turn(id) == 1)
        #expect(try await queue.retry(id) == .done)
        #expect(try await turn(id) == nil)
    }

    @Test func aTurnIsDroppedWithTheOldPriority() async throws {
        let id = try await withTurn()
        #expect(try await queue.setPriority(1, of: id) == .done)
        #expect(try await turn(id) == nil)
    }

    /// A job that was given its turn.
    private func withTurn() async throws -> UUID {
        let id = try await tests.insert()[0]
        #expect(try await queue.giveTurns() == 1)
        #expect(try await turn(id) == 1)
        return id
    }

    private func turn(_ id: UUID) async throws -> Int? {
        try await tests.row(id).decode("turn")
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

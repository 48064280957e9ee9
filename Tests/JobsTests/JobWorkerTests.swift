import Foundation
import Jobs
import Postgres
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

/// The worker's loop with a real queue; the handlers are the tests' own.
@Suite(.timeLimit(.minutes(2))) struct JobWorkerTests {
    let database: Database
    let queue: JobQueue

    init() async throws {
        database = try await TestDatabase.migrated().pool(maximumConnections: 8)
        queue = JobQueue(table: JobQueueTests.table, database: database)
    }

    func worker(
        _ handler: some JobHandler, concurrency: Int = 4, drainTime: Duration = .seconds(30)
    ) -> JobWorker {
        JobWorker(
            queue: queue, handler: handler,
            settings: .init(pollInterval: .milliseconds(50), concurrency: concurrency, drainTime: drainTime),
            logger: TestDatabase.logger)
    }

    func insert(_ count: Int) async throws {
        for index in 0..<count {
            _ = try await AppRows(database).upload("/masters/\(index).wav", to: UUID())
        }
    }

    func count(_ status: String) async throws -> Int {
        try await database.query("SELECT count(*) FROM upload_jobs WHERE status::text = \(status)").single().decode(0)
    }

    @Test func talliesHowJobsEnded() async throws {
        try await insert(20)
        let handler = ClosureHandler { job in
            switch try? job.row.decode("local_path", as: String.self) {
            case "/masters/0.wav": .fail("broken")
            case "/masters/1.wav": .snooze("storage is down")
            default: .done { _ in "" }
            }
        }
        let tally = try await worker(handler, concurrency: 20)
            .run(as: try await JobQueueTests.register(in: database), mode: .once)
        #expect(tally.completed == 18)
        #expect(tally.failed == 1)
        #expect(tally.postponed == 1)
        #expect(try await count("COMPLETED") == 18)
    }

    @Test func runsNoMoreJobsAtOnceThanItHasSlots() async throws {
        try await insert(12)
        let running = Mutex((now: 0, most: 0))
        let handler = ClosureHandler { _ in
            running.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            for _ in 0..<50 { await Task.yield() }
            running.withLock { $0.now -= 1 }
            return .done { _ in "" }
        }
        let tally = try await worker(handler, concurrency: 3).run(
            as: try await JobQueueTests.register(in: database), mode: .untilEmpty)
        #expect(tally.completed == 12)
        #expect(running.withLock { $0.most } <= 3)
    }

    @Test func onceRunsOneBatch() async throws {
        try await insert(5)
        let handler = ClosureHandler { _ in .done { _ in "" } }
        let tally = try await worker(handler, concurrency: 2).run(
            as: try await JobQueueTests.register(in: database), mode: .once)
        #expect(tally.completed == 2)
        #expect(try await count("PENDING") == 3)
    }

    @Test func twoWorkersShareAQueueWithoutDoingAnythingTwice() async throws {
        try await insert(40)
        let seen = Mutex<[UUID: Int]>([:])
        let handler = ClosureHandler { job in
            seen.withLock { $0[job.id, default: 0] += 1 }
            return .done { _ in "" }
        }
        let tally = try await withThrowingTaskGroup(of: JobWorker.Tally.self) { group in
            for _ in 0..<2 {
                let incarnation = try await JobQueueTests.register(in: database)
                group.addTask { try await worker(handler).run(as: incarnation, mode: .untilEmpty) }
            }
            return try await group.reduce(JobWorker.Tally()) { $0 + $1 }
        }
        #expect(tally.completed == 40)
        #expect(seen.withLock { $0.count == 40 && $0.values.allSatisfy { $0 == 1 } })
    }

    @Test func aShutdownLetsARunningJobFinish() async throws {
        try await insert(2)
        let (started, startedSignal) = AsyncStream<Void>.makeStream()
        let (release, releaseSignal) = AsyncStream<Void>.makeStream()
        let handler = ClosureHandler { _ in
            startedSignal.yield()
            for await _ in release { break }
            return .done { _ in "" }
        }
        let tally = try await shutdown(
            worker(handler, concurrency: 1), when: started, then: { releaseSignal.yield() })
        #expect(tally.completed == 1)
        #expect(try await count("PENDING") == 1, "nothing more was claimed")
    }

    @Test func afterTheDrainTimeRunningJobsAreGivenBackUncounted() async throws {
        try await insert(1)
        let (started, startedSignal) = AsyncStream<Void>.makeStream()
        let handler = ClosureHandler { _ in
            startedSignal.yield()
            try? await Task.sleep(for: .seconds(600))
            return .released
        }
        let tally = try await shutdown(worker(handler, drainTime: .milliseconds(1)), when: started, then: {})
        #expect(tally.released == 1)
        let row = try await database.query("SELECT * FROM upload_jobs").single()
        #expect(try row.decode("status", as: String.self) == "PENDING")
        #expect(try row.decode("retry_count", as: Int.self) == 0)
        #expect(try row.decode("crash_count", as: Int.self) == 0)
    }

    /// Runs the worker as a service and shuts it down once a job has started.
    private func shutdown(
        _ worker: JobWorker, when started: AsyncStream<Void>, then afterwards: @escaping @Sendable () -> Void
    ) async throws -> JobWorker.Tally {
        let incarnation = try await JobQueueTests.register(in: database)
        let (tallies, tallySignal) = AsyncStream<JobWorker.Tally>.makeStream()
        let service = RunService { tallySignal.yield(try await worker.run(as: incarnation, mode: .forever)) }
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: TestDatabase.logger))
        async let running: Void = group.run()
        for await _ in started { break }
        await group.triggerGracefulShutdown()
        afterwards()
        try await running
        for await tally in tallies { return tally }
        throw CancellationError()
    }
}

private struct RunService: Service {
    let body: @Sendable () async throws -> Void
    func run() async throws { try await body() }
}

/// A handler of one closure.
struct ClosureHandler: JobHandler {
    let body: @Sendable (ClaimedJob) async -> JobOutcome

    init(_ body: @escaping @Sendable (ClaimedJob) async -> JobOutcome) {
        self.body = body
    }

    func run(_ job: ClaimedJob) async -> JobOutcome {
        await body(job)
    }
}

import Foundation
import Postgres
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import Jobs

/// Workers that poll every ten minutes, and so do nothing in time but what the doorbell or a due time wakes them for.
@Suite(.timeLimit(.minutes(2))) struct DoorbellTests {
    private static let releases = JobTable(
        name: "processing_jobs", statusType: "processing_job_status", runningStatus: "PROCESSING", kind: "processing",
        targetColumn: "track_id", sourceColumn: "master_url")

    let test: TestDatabase
    /// The application's.
    let database: Database

    init() async throws {
        test = try await TestDatabase.migrated()
        database = test.pool(maximumConnections: 2)
    }

    // MARK: What wakes a worker

    @Test func anInsertStartsAJobAtOnce() async throws {
        let jobs = StartedJobs()
        try await atWork(jobs) {
            try await asleep()
            let id = try await insert()
            #expect(try await jobs.next() == id)
        }
    }

    @Test func aRingIsAnsweredOverTheConnectionThatHeardIt() async throws {
        let jobs = StartedJobs()
        let doorbell = makeDoorbell(JobQueueTests.table)
        try await atWork(jobs, doorbell: doorbell) {
            try await asleep()
            let pid = try #require(try await listener(doorbell))
            let id = try await insert()
            #expect(try await jobs.next() == id)
            let last: String = try await database.query("SELECT query FROM pg_stat_activity WHERE pid = \(pid)")
                .single().decode(0)
            #expect(last.hasPrefix("WITH next AS"), "\(last)")
        }
    }

    @Test func aJobStartsByItselfWhenItIsDue() async throws {
        let jobs = StartedJobs()
        // One is there before the worker, one comes while it sleeps.
        let first = try await insert(after: .seconds(1))
        try await atWork(jobs) {
            #expect(try await jobs.next() == first)
            try await asleep()
            let second = try await insert(after: .seconds(1))
            #expect(try await jobs.next() == second)
            try await eventually("both are done, and neither began too early") {
                try await database.query(
                    "SELECT bool_and(status = 'COMPLETED' AND started_at >= created_at + interval '1 s') FROM upload_jobs"
                ).single().decode(0)
            }
        }
    }

    @Test func anEarlierDueTimeComesBeforeALaterOne() async throws {
        let jobs = StartedJobs()
        _ = try await insert(after: .seconds(300))
        try await atWork(jobs) {
            try await asleep()
            let soon = try await insert(after: .milliseconds(300))
            #expect(try await jobs.next() == soon)
        }
    }

    @Test func itRingsAgainAfterItsConnectionWasTerminated() async throws {
        let jobs = StartedJobs()
        let doorbell = makeDoorbell(JobQueueTests.table)
        try await atWork(jobs, doorbell: doorbell) {
            try await asleep()
            let first = try #require(try await listener(doorbell))
            try await database.execute("SELECT pg_terminate_backend(\(first)::integer)")
            // Found by the poll with the new connection, if nobody listens yet.
            let meanwhile = try await insert()
            #expect(try await jobs.next() == meanwhile)
            try await eventually("another connection listens") {
                guard let pid = try await listener(doorbell) else { return false }
                return pid != first
            }
            try await asleep()
            let afterwards = try await insert()
            #expect(try await jobs.next() == afterwards)
        }
    }

    @Test func aReleaseHandedToProcessingWakesTheWorkerThatFansItOut() async throws {
        let release = try await AppRows(database).release()
        let scans = Scans()
        try await atWork(scans, table: Self.releases) {
            try await asleep(Self.releases)
            let before = scans.count
            try await heard(on: Self.releases) { connection in
                try await connection.execute("UPDATE releases SET status = 'PROCESSING' WHERE id = \(release.id)")
            }
            try await eventually("it scans") { scans.count > before }
        }
    }

    // MARK: When it is rung

    @Test func nothingIsSentWhileAllSlotsAreBusyAndAgainWhenOneIsFree() async throws {
        let jobs = StartedJobs(holding: true)
        try await atWork(jobs, concurrency: 1) {
            try await asleep()
            let first = try await insert()
            #expect(try await jobs.next() == first)
            try await eventually("its arming has run out") { try await !isArmed() }
            let second = try await unheard { connection in try await insert(on: connection) }
            jobs.release()
            #expect(try await jobs.next() == second)
            jobs.release()
            try await asleep()
            try await heard { connection in _ = try await insert(on: connection) }
            _ = try await jobs.next()
            jobs.release()
        }
    }

    @Test func nobodyRingsForAWorkerThatIsGone() async throws {
        let doorbell = makeDoorbell(JobQueueTests.table)
        try await doorbell.arm(JobQueue(table: JobQueueTests.table, database: database))
        try await heard { connection in _ = try await insert(on: connection) }
        try await silence(JobQueueTests.table)
        _ = try await unheard { connection in try await insert(on: connection) }
    }

    @Test func eachQueueHasItsOwnBell() async throws {
        let doorbell = makeDoorbell(JobQueueTests.table, Self.releases)
        try await doorbell.arm(JobQueue(table: JobQueueTests.table, database: database))
        #expect(try await isArmed())
        #expect(try await !isArmed(Self.releases))
    }

    /// Workers that sleep longer than one arming lasts.
    @Test func theBeatKeepsTheBellArmedForWhoSleeps() async throws {
        let doorbell = makeDoorbell(JobQueueTests.table, Self.releases)
        let lease = WorkerLease(
            database: database, tables: [JobQueueTests.table, Self.releases], version: "test", doorbell: doorbell,
            logger: TestDatabase.logger)
        let worker = try await lease.register()
        for table in [JobQueueTests.table, Self.releases] {
            try await doorbell.arm(JobQueue(table: table, database: database))
            try await silence(table)
        }
        doorbell.disarm(Self.releases)
        _ = try await lease.beat(worker, within: .seconds(5))
        #expect(try await isArmed())
        #expect(try await !isArmed(Self.releases), "its worker does not sleep")
    }

    /// A job a second must not cost the database an arming a second.
    @Test func anArmedBellIsNotArmedAgain() async throws {
        let doorbell = makeDoorbell(JobQueueTests.table)
        let queue = JobQueue(table: JobQueueTests.table, database: database)
        try await doorbell.arm(queue)
        try await silence(JobQueueTests.table)
        doorbell.disarm(JobQueueTests.table)
        try await doorbell.arm(queue)
        #expect(try await !isArmed())
    }

    // MARK: The application's side

    @Test func aRoleWithoutRightsOnLathesTablesRingsIt() async throws {
        let role = "app_\(UUID().uuidString.prefix(8).lowercased())"
        try await database.execute("CREATE ROLE \(identifier: role)")
        try await database.execute("GRANT INSERT ON upload_jobs TO \(identifier: role)")
        let jobs = StartedJobs()
        try await atWork(jobs) {
            try await asleep()
            let app = try await test.connect()
            try await app.execute("SET ROLE \(identifier: role)")
            let error = await #expect(throws: PostgresError.self) { try await app.query("SELECT 1 FROM workers") }
            #expect(error?.sqlState == .insufficientPrivilege)
            try await app.execute(
                """
                INSERT INTO upload_jobs (target_entity_id, job_type, local_path, status)
                VALUES (\(UUID()), 'AUDIO', '/masters/app.wav', 'PENDING')
                """)
            _ = try await jobs.next()
        }
    }

    /// As after `pg_restore --no-privileges`.
    @Test func aRoleThatMayNotReadTheBellInsertsInSilence() async throws {
        let role = "app_\(UUID().uuidString.prefix(8).lowercased())"
        try await database.execute("CREATE ROLE \(identifier: role)")
        try await database.execute("GRANT INSERT, SELECT ON upload_jobs TO \(identifier: role)")
        try await database.execute("GRANT SELECT, UPDATE ON releases TO \(identifier: role)")
        try await database.execute("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC")
        let release = try await AppRows(database).release()
        for table in [JobQueueTests.table, Self.releases] {
            try await makeDoorbell(table).arm(JobQueue(table: table, database: database))
        }
        _ = try await unheard { app in
            try await app.execute("SET ROLE \(identifier: role)")
            _ = try await insert(on: app)
            #expect(try await app.execute("UPDATE releases SET status = 'PROCESSING' WHERE id = \(release.id)") == 1)
            try await app.execute("RESET ROLE")
        }
    }
}

extension DoorbellTests {
    private func makeDoorbell(_ tables: JobTable...) -> Doorbell {
        Doorbell(test.configuration, of: tables, logger: TestDatabase.logger)
    }

    /// Runs an engine with one worker while `body` runs.
    private func atWork(
        _ handler: some JobHandler, table: JobTable = JobQueueTests.table, doorbell: Doorbell? = nil,
        concurrency: Int = 2,
        _ body: () async throws -> Void
    ) async throws {
        let pool = test.pool(maximumConnections: 4)
        let worker = JobWorker(
            queue: JobQueue(table: table, database: pool), handler: handler,
            settings: .init(pollInterval: .seconds(600), concurrency: concurrency, drainTime: .seconds(1)),
            logger: TestDatabase.logger)
        let engine = JobEngine(
            workers: [worker], beatDatabase: test.pool(maximumConnections: 1),
            doorbell: doorbell ?? makeDoorbell(table),
            version: "test", logger: TestDatabase.logger)
        let run = Task { try await engine.run(.forever) }
        defer { run.cancel() }
        try await body()
        run.cancel()
        _ = await run.result
    }

    private func isArmed(_ table: JobTable = JobQueueTests.table) async throws -> Bool {
        try await database.query("SELECT coalesce(\(sql: table.isArmed), false)").single().decode(0)
    }

    /// As if the time for which it was armed were over.
    private func silence(_ table: JobTable) async throws {
        try await database.execute("SELECT setval('\(unsafeRaw: "lathe_\(table.kind)_armed_until")', 1)")
    }

    /// Waits until the worker sleeps by the bell.
    private func asleep(_ table: JobTable = JobQueueTests.table) async throws {
        try await eventually("it sleeps") { try await isArmed(table) }
    }

    /// The doorbell's server process.
    private func listener(_ doorbell: Doorbell) async throws -> Int? {
        try? await doorbell.connection?.query("SELECT pg_backend_pid()").single().decode(0)
    }

    private func insert(after delay: Duration = .zero) async throws -> UUID {
        let connection = try await test.connect()
        defer { Task { await connection.close() } }
        return try await insert(on: connection, after: delay)
    }

    @discardableResult
    private func insert(on connection: PostgresConnection, after delay: Duration = .zero) async throws -> UUID {
        try await connection.query(
            """
            INSERT INTO upload_jobs (target_entity_id, job_type, local_path, status, run_after)
            VALUES (\(UUID()), 'AUDIO', '/masters/1.wav', 'PENDING', now() + make_interval(secs => \(delay.seconds)))
            RETURNING id
            """
        ).single().decode(0)
    }

    /// Expects that `body` rings the bell.
    private func heard<R>(
        on table: JobTable = JobQueueTests.table, _ body: (PostgresConnection) async throws -> R
    ) async throws {
        #expect(try await payload(on: table, body).payload == "")
    }

    /// Expects that `body` does not.
    private func unheard<R>(
        on table: JobTable = JobQueueTests.table, _ body: (PostgresConnection) async throws -> R
    ) async throws -> R {
        let (payload, result) = try await payload(on: table, body)
        #expect(payload == "the next one")
        return result
    }

    /// The first thing notified since `body` began; what follows it comes from here.
    private func payload<R>(
        on table: JobTable, _ body: (PostgresConnection) async throws -> R
    ) async throws -> (payload: String?, R) {
        let (listener, app) = (try await test.connect(), try await test.connect())
        try await listener.listen(to: table.channel)
        let result = try await body(app)
        try await app.execute("SELECT pg_notify(\(table.channel), 'the next one')")
        let first = try await withTimeout(.seconds(30)) {
            for await notification in listener.notifications { return notification.payload as String? }
            return nil
        }
        await listener.close()
        await app.close()
        return (first, result)
    }
}

private func eventually(_ what: Comment, _ isSo: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try await !isSo() {
        try #require(ContinuousClock.now < deadline, what)
        try await Task.sleep(for: .milliseconds(10))
    }
}

/// Tells which jobs start, and may hold them until they are let go.
private final class StartedJobs: JobHandler {
    private let started: AsyncStream<UUID>
    private let start: AsyncStream<UUID>.Continuation
    private let gate: AsyncStream<Void>?
    private let opening: AsyncStream<Void>.Continuation

    init(holding: Bool = false) {
        (started, start) = AsyncStream.makeStream()
        let (gate, opening) = AsyncStream<Void>.makeStream()
        self.gate = holding ? gate : nil
        self.opening = opening
    }

    func run(_ job: ClaimedJob) async -> JobOutcome {
        start.yield(job.id)
        if let gate { for await _ in gate { break } }
        return .finished("")
    }

    /// Lets one job go.
    func release() { opening.yield() }

    /// The next job that starts; far sooner than the next poll.
    func next() async throws -> UUID? {
        try await withTimeout(.seconds(30)) { [started] in
            for await id in started { return id }
            return nil
        }
    }
}

/// Counts the looks of a worker that finds nothing.
private final class Scans: JobHandler {
    private let counted = Mutex(0)

    var count: Int { counted.withLock(\.self) }

    var scans: Bool { true }

    func scan() async throws { counted.withLock { $0 += 1 } }

    func run(_ job: ClaimedJob) async -> JobOutcome { .finished("") }
}

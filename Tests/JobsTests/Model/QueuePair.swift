import Foundation
import Postgres
import TestSupport

@testable import Jobs

/// The real queue on a real server, and the model of it, side by side: every operation is done to both, and after it
/// both must say the same and hold the same rows.
struct QueuePair {
    /// A job that was claimed, as both know it.
    struct Attempt {
        let real: ClaimedJob
        let model: ModelDatabase.Claim
        let worker: UUID
        /// Raised when a beat tells its work to end.
        let realStop = Flag()
        let modelStop = Flag()
    }

    struct Worker {
        let id: UUID
        let lease: WorkerLease
        let running = RunningJobs()
    }

    static let table = JobTable(
        name: "upload_jobs", statusType: "upload_job_status", runningStatus: "UPLOADING", kind: "upload",
        targetColumn: "target_entity_id", sourceColumn: "local_path", owner: "job.target_entity_id")

    let database: Database
    let queue: JobQueue
    /// Another session, which holds locks.
    let stranger: PostgresConnection
    var model: ModelDatabase
    var workers: [Worker] = []
    /// Claimed, and not written by this test yet; many are lost by then.
    var attempts: [Attempt] = []
    var generator: SeededGenerator
    var trace: [String] = []
    /// Where both answered the operations so far differently.
    private(set) var complaints: [String] = []
    private var jobCount = 0

    init(database: Database, stranger: PostgresConnection, seed: UInt64) async throws {
        self.database = database
        self.stranger = stranger
        generator = SeededGenerator(seed: seed)
        // Waits that no test lives to see the end of: a hand makes a job due.
        var policy = RetryPolicy()
        policy.base = .seconds(100_000_000)
        policy.cap = policy.base
        policy.snoozeCap = policy.base
        model = ModelDatabase(policy: policy)
        queue = JobQueue(table: Self.table, database: database, policy: policy)
        for table in ["upload_jobs", "workers", "job_attempts", "paused_queues"] as [SQL] {
            try await database.execute("DELETE FROM \(sql: table)")
        }
        for number in 1...3 { try await register(ModelName.worker.id(number)) }
        for _ in 0..<3 { try await insert() }
    }

    mutating func note(_ step: String) {
        trace.append(step)
    }

    /// Notes a complaint unless `holds`.
    mutating func check(_ holds: Bool, _ what: @autoclosure () -> String) {
        if !holds { complaints.append(what()) }
    }

    /// Does random operations until both disagree.
    /// - Returns: the steps that led there and what differs; nil where nothing does after so many `operations`.
    mutating func firstDisagreement(within operations: Int) async throws -> String? {
        for _ in 0..<operations {
            try await step()
            let found = try await complaints + differences()
            guard found.isEmpty else { return (trace + found).joined(separator: "\n") }
        }
        return nil
    }

    // MARK: Rows

    mutating func insert() async throws {
        jobCount += 1
        let id = ModelName.job.id(jobCount)
        let owner = ModelName.owner.id(1 + generator.below(3))
        note("\(id.modelName) of \(owner.modelName) is inserted")
        model.insert(id, owner: owner)
        try await database.execute(
            """
            INSERT INTO upload_jobs (id, target_entity_id, job_type, local_path, status)
            VALUES (\(id), \(owner), 'AUDIO', '/masters/a.wav', 'PENDING')
            """)
    }

    /// A worker that needs no beat for an hour, so that a loaded machine changes nothing.
    mutating func register(_ id: UUID) async throws {
        note("\(id.modelName) registers")
        let lease = WorkerLease(database: database, tables: [Self.table], version: "test", logger: TestDatabase.logger)
        workers.removeAll { $0.id == id }
        workers.append(Worker(id: id, lease: lease))
        try await database.execute(
            """
            INSERT INTO workers (id, host, pid, version, runs) VALUES (\(id), 'host', 1, 'test', '{}')
            ON CONFLICT (id) DO NOTHING
            """)
        try await setBeat(of: id, to: .seconds(3600))
    }

    /// - Parameter offset: from now.
    mutating func setBeat(of worker: UUID, to offset: Duration) async throws {
        model.workers[worker] = model.now + offset
        try await database.execute(
            "UPDATE workers SET beat_at = now() + make_interval(secs => \(offset.seconds)) WHERE id = \(worker)")
    }

    /// An UPDATE by hand of one row, which the model is told of in its own words.
    mutating func hand(_ set: SQL, _ id: UUID, _ change: (inout ModelDatabase.Job) -> Void) async throws {
        guard let index = model.index(of: id) else { return }
        model.jobs[index].updatedAt = model.now
        change(&model.jobs[index])
        try await database.execute("UPDATE upload_jobs SET \(sql: set) WHERE id = \(id)")
    }

    /// Lets a row look as if nobody had changed it for an hour. The trigger that says otherwise is left out.
    mutating func age(_ id: UUID) async throws {
        if let index = model.index(of: id) { model.jobs[index].updatedAt = model.now - .seconds(3600) }
        try await database.transaction { transaction in
            try transaction.execute("SET LOCAL session_replication_role = replica")
            try transaction.execute(
                "UPDATE upload_jobs SET updated_at = now() - interval '1 hour' WHERE id = \(id)")
        }
    }

    // MARK: Comparison

    /// What both hold, a line a row; in no order.
    func differences() async throws -> [String] {
        let rows: SQL = """
            SELECT string_agg(line, E'\\n') FROM (
                SELECT concat_ws(' ', id, status, retry_count, crash_count, snooze_count, release_count, attempt_count,
                    priority, coalesce(turn::text, '-'),
                    CASE WHEN run_after > now() THEN 'waits' ELSE 'due' END,
                    coalesce(worker_id::text, '-'), CASE WHEN lease_token IS NULL THEN '-' ELSE 'lease' END,
                    CASE WHEN finished_at IS NULL THEN '-' ELSE 'finished' END, coalesce(bytes, 0),
                    coalesce(substring(error_log FROM 'crash [0-9]+ of [0-9]+|cancelled by an operator'),
                        error_log, '-')) AS line
                FROM upload_jobs
                UNION ALL
                SELECT concat_ws(' ', job_id, 'attempt', attempt, coalesce(worker_id::text, '-'), outcome)
                FROM job_attempts
                UNION ALL
                SELECT concat_ws(' ', id, CASE WHEN beat_at > now() - interval '15 s' THEN 'lives' ELSE 'is silent' END)
                FROM workers
                UNION ALL
                SELECT 'paused' FROM paused_queues WHERE queue = 'upload') AS lines
            """
        let text: String? = try await database.query(rows.prepared).single().decode(0)
        let real = (text ?? "").split(separator: "\n").map(String.init).sorted()
        let expected = model.lines.sorted()
        guard real != expected else { return [] }
        return expected.filter { !real.contains($0) }.map { "model    " + $0 }
            + real.filter { !expected.contains($0) }.map { "Postgres " + $0 }
            + (Set(real) == Set(expected) ? ["a line is there more than once"] : [])
    }
}

extension ModelDatabase {
    /// As ``QueuePair/differences()`` has them from Postgres.
    fileprivate var lines: [String] {
        var lines = jobs.map { row -> String in
            let numbers = [
                row.retryCount, row.crashCount, row.snoozeCount, row.releaseCount, row.attemptCount, row.priority,
            ]
            let parts =
                [row.id.lowercased, QueuePair.table.status(of: row.phase)] + numbers.map(String.init) + [
                    row.turn.map(String.init) ?? "-", row.runAfter > now ? "waits" : "due",
                    row.worker?.lowercased ?? "-", row.lease == nil ? "-" : "lease",
                    row.isFinished ? "finished" : "-", "\(row.results)", row.error ?? "-",
                ]
            return parts.joined(separator: " ")
        }
        lines += history.map { line in
            "\(line.job.lowercased) attempt \(line.attempt) \(line.worker?.lowercased ?? "-") \(line.ending)"
        }
        lines += workers.keys.map { "\($0.lowercased) \(isLive($0, at: now) ? "lives" : "is silent")" }
        return isPaused ? lines + ["paused"] : lines
    }
}

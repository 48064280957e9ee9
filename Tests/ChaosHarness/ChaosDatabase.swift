import Foundation
import Logging
import Migrations
import Postgres
import PrivatePostgres
import TestSupport

/// The harness's own view of the database: directly, not through the proxy, and patient while the server is away.
struct ChaosDatabase: Sendable {
    let server: PrivatePostgres
    let pool: Database

    static let name = "chaos"

    /// What a worker is told as DATABASE_URL, by the port it is to use.
    func url(port: Int) -> String {
        server.connectionString(database: Self.name).replacing(":\(server.port)/", with: ":\(port)/")
    }

    /// Starts a server and makes the tables.
    static func make() async throws -> ChaosDatabase {
        // What was committed must outlast a shutdown without a checkpoint; only a crash of the machine may lose it.
        let server = try await PrivatePostgres.start(
            settings: ["max_connections": "200", "synchronous_commit": "on", "log_min_messages": "fatal"])
        try await server.createDatabase(named: name)
        let pool = Database(
            PostgresConfiguration(connectionString: server.connectionString(database: name)), maximumConnections: 6,
            waitLimit: .seconds(60), logger: TestDatabase.logger)
        try await Migrator(database: pool, migrations: Migrations.all, logger: TestDatabase.logger).apply()
        // No unique constraint: what is done twice must show.
        try await pool.execute(
            "CREATE TABLE effects (job_id uuid NOT NULL, lease uuid NOT NULL, at timestamptz NOT NULL DEFAULT now())")
        try await pool.execute("CREATE INDEX effects_job ON effects (job_id)")
        return ChaosDatabase(server: server, pool: pool)
    }

    /// Runs one statement as soon as the server lets it. It may have run more than once.
    func query(_ sql: SQL) async throws -> PostgresRows {
        while true {
            do {
                return try await pool.query(sql)
            } catch {
                guard error.isConnectionFailure || error.kind == .timedOut else { throw error }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    /// Ends the server and removes its data.
    func end() async {
        await pool.close()
        await server.stop()
    }

    /// Ends the server as a crash would, with no checkpoint; returns when it is gone.
    func crash() async throws {
        let folder: String = try await query("SHOW data_directory").single().decode(0)
        let file = try String(contentsOfFile: folder + "/postmaster.pid", encoding: .utf8)
        guard let line = file.split(separator: "\n").first, let postmaster = pid_t(line), postmaster > 1 else {
            throw TestTools.Failure("postmaster.pid names no process")
        }
        kill(postmaster, SIGQUIT)
        // It takes no second order while it obeys the first.
        await server.stopServer()
    }
}

/// A job a worker held when it was killed or stopped.
struct HeldJob: Sendable, Hashable {
    let id: UUID
    let attempt: Int
}

extension ChaosDatabase {
    /// The jobs a process runs.
    func jobs(of process: pid_t) async throws -> [HeldJob] {
        let rows = try await query(
            """
            SELECT job.id, job.attempt_count FROM upload_jobs job JOIN workers w ON w.id = job.worker_id
            WHERE w.pid = \(Int(process)) AND job.status = 'UPLOADING'
            """)
        return try rows.map { HeldJob(id: try $0.decode("id"), attempt: try $0.decode("attempt_count")) }
    }

    /// How many of these jobs have neither been claimed again nor finished.
    func waiting(of jobs: [HeldJob]) async throws -> Int {
        let rows = try await query(
            """
            SELECT count(*) FROM upload_jobs job
            JOIN unnest(\(jobs.map(\.id))::uuid[], \(jobs.map(\.attempt))::int8[]) AS held (id, attempt) USING (id)
            WHERE job.attempt_count = held.attempt AND job.status IN ('PENDING', 'UPLOADING')
            """)
        return try rows.single().decode(0)
    }

    /// Jobs there are, jobs that wait, jobs that are finished.
    func counts() async throws -> (all: Int, pending: Int, finished: Int) {
        let row = try await query(
            """
            SELECT count(*) AS total, count(*) FILTER (WHERE status = 'PENDING') AS pending,
                count(*) FILTER (WHERE status IN ('COMPLETED', 'FAILED')) AS finished
            FROM upload_jobs
            """
        ).single()
        return (try row.decode("total"), try row.decode("pending"), try row.decode("finished"))
    }

    /// Adds jobs as the application does. It happens at most once: the caller counts afterwards.
    func insert(numbers: Range<Int>, seed: UInt64) async {
        let paths = numbers.map { JobScript.path(seed: seed, number: $0) }
        _ = try? await pool.execute(
            """
            INSERT INTO upload_jobs (target_entity_id, job_type, local_path, status)
            SELECT gen_random_uuid(), 'AUDIO', path, 'PENDING' FROM unnest(\(paths)::text[]) AS path
            """)
    }

    /// Every job as it stands in the end, with the number of its effects.
    func outcomes() async throws -> [JobOutcomeRow] {
        let rows = try await query(
            """
            SELECT job.*, (SELECT count(*) FROM effects WHERE job_id = job.id) AS effects,
                ARRAY(SELECT outcome FROM job_attempts WHERE queue = 'upload' AND job_id = job.id) AS history
            FROM upload_jobs job ORDER BY created_at, id
            """)
        return try rows.map { try JobOutcomeRow($0) }
    }

    /// Effects of jobs that do not exist.
    func strayEffects() async throws -> Int {
        try await query("SELECT count(*) FROM effects WHERE job_id NOT IN (SELECT id FROM upload_jobs)")
            .single().decode(0)
    }
}

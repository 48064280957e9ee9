import Foundation
import Jobs
import Logging
import Postgres

/// The engine under measurement. The one place that knows how `Jobs` is put together.
struct BenchedEngine: Sendable {
    private let engine: JobEngine

    /// As the pipeline has it in `JobTable+Pipeline.swift`, which is not linked because it
    /// brings media and storage along.
    private static let table = JobTable(
        name: "upload_jobs", statusType: "upload_job_status", runningStatus: "UPLOADING", kind: "upload",
        targetColumn: "target_entity_id", sourceColumn: "local_path", handlerColumns: ["job_type"],
        isKnown: "(job.job_type IS NULL OR job.job_type IN ('AUDIO', 'COVER_ART'))",
        owner: """
            (SELECT r.artist_id FROM releases r
            WHERE r.id = coalesce(
                (SELECT t.release_id FROM tracks t WHERE t.id = job.target_entity_id), job.target_entity_id))
            """)

    init(_ options: EngineOptions, handler: some JobHandler) async throws {
        let configuration = PostgresConfiguration(connectionString: options.database)
        let logger = options.logger
        let database = Database(configuration, maximumConnections: options.connections, logger: logger)
        let beatDatabase = Database(configuration, maximumConnections: 1, logger: logger)
        try await Self.open(options.connections, of: database)
        try await Self.open(1, of: beatDatabase)
        let worker = JobWorker(
            queue: JobQueue(table: Self.table, database: database), handler: handler,
            settings: JobWorker.Settings(
                pollInterval: .seconds(options.pollSeconds), concurrency: options.slots, drainTime: .seconds(1),
                batch: options.batch),
            logger: logger)
        engine = JobEngine(
            workers: [worker], beatDatabase: beatDatabase,
            doorbell: Doorbell(configuration, of: [Self.table], logger: logger), version: "benchmark", logger: logger)
    }

    /// Runs until no job is left.
    /// - Returns: how many jobs were completed.
    func drain() async throws -> Int { try await engine.run(.untilEmpty).completed }

    /// Runs until it is cancelled.
    func serve() async throws { _ = try await engine.run(.forever) }

    /// Opens all connections, so that no figure holds a sign-in.
    private static func open(_ connections: Int, of database: Database) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<connections {
                group.addTask { try await database.execute("SELECT pg_sleep(0.05)") }
            }
            try await group.waitForAll()
        }
    }
}

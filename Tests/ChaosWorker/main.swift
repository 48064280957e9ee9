import Foundation
import Jobs
import Logging
import Postgres
import ServiceLifecycle
import UnixSignals

// Hosts the engine as `lathe work` does, around a handler that acts scripts: for the chaos tests, which take it, its
// connections and its database away.

let environment = ProcessInfo.processInfo.environment
guard let url = environment["DATABASE_URL"] else {
    let complaint = "chaos-worker: DATABASE_URL is not set; scripts/chaos starts this program\n"
    FileHandle.standardError.write(Data(complaint.utf8))
    exit(64)
}
let concurrency = environment["CHAOS_CONCURRENCY"].flatMap(Int.init) ?? 4
let drainTime = Duration.seconds(2)
let logger = Logger(label: "chaos-worker", factory: { StreamLogHandler.standardError(label: $0) })

/// Waits that a test can wait for.
func shortWaits() -> RetryPolicy {
    var policy = RetryPolicy()
    policy.base = .milliseconds(200)
    policy.cap = .seconds(1)
    policy.snoozeCap = .seconds(1)
    return policy
}

/// The engine as a service, so that signals reach it.
struct EngineService: Service {
    let engine: JobEngine

    func run() async throws { try await engine.run(.forever) }
}

let configuration = PostgresConfiguration(connectionString: url)
let database = Database(configuration, maximumConnections: 2 + (concurrency + 1) / 2, logger: logger)
let table = JobTable(
    name: "upload_jobs", statusType: "upload_job_status", runningStatus: "UPLOADING", kind: "upload",
    targetColumn: "target_entity_id", sourceColumn: "local_path")
let worker = JobWorker(
    queue: JobQueue(table: table, database: database, policy: shortWaits()), handler: ScriptedHandler(),
    settings: JobWorker.Settings(pollInterval: .seconds(1), concurrency: concurrency, drainTime: drainTime),
    logger: logger)
let engine = JobEngine(
    workers: [worker], beatDatabase: Database(configuration, maximumConnections: 1, logger: logger),
    doorbell: Doorbell(configuration, of: [table], logger: logger), version: "chaos", logger: logger)

var quiet = logger
quiet.logLevel = .error
var services = ServiceGroupConfiguration(
    services: [.init(service: EngineService(engine: engine), successTerminationBehavior: .gracefullyShutdownGroup)],
    gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
services.maximumGracefulShutdownDuration = drainTime + .seconds(15)
try await ServiceGroup(configuration: services).run()

import ArgumentParser
import Foundation
import Logging
import Migrations
import Postgres

/// Lathe's half of `Benchmarks/queue`: the real job engine over the real `upload_jobs`, with handlers that do nothing.
/// Every subcommand prints one line of JSON.
@main
struct QueueBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue-benchmark", abstract: "Runs the job engine for Benchmarks/queue.",
        subcommands: [Migrate.self, Drain.self, Pickup.self, Occupy.self])
}

/// What every subcommand is told.
struct EngineOptions: ParsableArguments {
    @Option(help: "libpq URL of the database.")
    var database: String

    @Option(help: "Jobs run at once.")
    var slots = 50

    @Option(help: "Jobs that one statement claims or settles at most.")
    var batch = 50

    @Option(help: "Connections that claim and settle.")
    var connections = 1

    @Option(help: "Seconds between two polls.")
    var pollSeconds = 5.0

    var logger: Logger {
        var logger = Logger(label: "queue-benchmark", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .critical
        return logger
    }
}

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Applies Lathe's migrations.")

    @OptionGroup var options: EngineOptions

    func run() async throws {
        let database = Database(PostgresConfiguration(connectionString: options.database), logger: options.logger)
        let migrator = Migrator(database: database, migrations: Migrations.all, logger: options.logger)
        let applied = try await migrator.apply { _ in }
        await database.close()
        try Report.print(["migrations": applied.count])
    }
}

struct Drain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Completes every job in the table and ends.")

    @OptionGroup var options: EngineOptions

    func run() async throws {
        let engine = try await BenchedEngine(options, handler: NoOpHandler())
        let cpu = Clock.cpuSeconds
        let start = Clock.nanoseconds
        let completed = try await engine.drain()
        let seconds = Double(Clock.nanoseconds - start) / 1e9
        try Report.print(
            ["jobs": Double(completed), "seconds": seconds, "cpu_seconds": Clock.cpuSeconds - cpu])
    }
}

struct Pickup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures from the time in local_path, CLOCK_MONOTONIC in ns, to the start of the handler.")

    @OptionGroup var options: EngineOptions

    @Option(help: "Jobs to wait for; then it ends.")
    var jobs: Int

    func run() async throws {
        let handler = PickupHandler(expected: jobs)
        let engine = try await BenchedEngine(options, handler: handler)
        let latencies = try await withThrowingTaskGroup(of: [Int64]?.self) { group in
            group.addTask {
                try await engine.serve()
                return nil
            }
            group.addTask { await handler.all() }
            defer { group.cancelAll() }
            return try await group.next().flatMap(\.self) ?? []
        }
        try Report.print(["latencies_ns": latencies])
    }
}

struct Occupy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fills every slot with a job that never ends, until it is killed.")

    @OptionGroup var options: EngineOptions

    func run() async throws {
        try await BenchedEngine(options, handler: EndlessHandler()).serve()
    }
}

enum Report {
    static func print(_ values: some Encodable) throws {
        var line = try JSONEncoder().encode(values)
        line.append(UInt8(ascii: "\n"))
        try FileHandle.standardOutput.write(contentsOf: line)
    }
}

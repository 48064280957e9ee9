import Foundation
package import Logging
package import Postgres
import ServiceLifecycle

/// The workers of one process and all that keeps their promises: a registered incarnation that beats, the rescue of
/// jobs that others lost, and a new incarnation when this one lost the database.
package struct JobEngine: Sendable {
    private let workers: [JobWorker]
    private let lease: WorkerLease
    private let logger: Logger
    private let prepare: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - workers: one a queue, over `database`.
    ///   - beatDatabase: of its own and with one connection, so that no busy pool can delay a beat.
    ///   - version: of the program, for the `workers` table.
    ///   - prepare: runs before each incarnation, and may throw to end the engine: a check of the schema.
    package init(
        workers: [JobWorker], beatDatabase: Database, version: String, logger: Logger,
        prepare: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.workers = workers
        self.logger = logger
        self.prepare = prepare
        lease = WorkerLease(
            database: beatDatabase, tables: workers.map(\.queue.table), version: version, logger: logger)
    }

    /// The incarnation lost the database for so long that its jobs are others' now; thrown only where the run was to
    /// end by itself.
    package struct LostDatabase: Error {}

    /// Runs the workers side by side until shutdown, or one after the other until each ends by itself.
    ///
    /// While the database cannot be reached a run without an end waits and tries again; nothing is lost meanwhile.
    /// - Returns: how the jobs ended.
    /// - Throws: what `prepare` throws; ``PostgresError`` where waiting does not help; ``LostDatabase``.
    @discardableResult
    package func run(_ mode: JobWorker.Mode) async throws -> JobWorker.Tally {
        var backoff = Backoff()
        var unfinished: UUID?
        while true {
            do {
                try await prepare()
                // What an incarnation that lost the database still holds is given back uncounted, before the next one.
                if let former = unfinished { try await end(former) }
                let incarnation = try await lease.register()
                unfinished = incarnation
                backoff.reset()
                let tally = try await live(as: incarnation, mode: mode)
                try await end(incarnation)
                unfinished = nil
                guard mode == .forever, !Task.isShuttingDownGracefully, !Task.isCancelled else { return tally }
            } catch let error as PostgresError where mode == .forever && !error.isForTheOperator {
                logger.error("worker: waiting for the database: \(error)")
                guard await backoff.wait() else { return JobWorker.Tally() }
            }
        }
    }

    /// One incarnation: beats, rescues and works, until the work ends or the lease is lost.
    private func live(as incarnation: UUID, mode: JobWorker.Mode) async throws -> JobWorker.Tally {
        logger.info("worker \(incarnation.lowercased) started: \(kinds)")
        let rescuer = LostJobRescuer(queues: workers.map(\.queue), logger: logger)
        let result = await withTaskGroup(of: Result<JobWorker.Tally, any Error>?.self) { group in
            group.addTask {
                try? await lease.beatUntilLost(incarnation)
                return nil
            }
            group.addTask {
                try? await rescuer.run()
                return nil
            }
            group.addTask {
                do {
                    return .success(try await runWorkers(as: incarnation, mode: mode))
                } catch {
                    return .failure(error)
                }
            }
            defer { group.cancelAll() }
            // The first to end is the work itself, or the beat that was lost; then the work is cancelled, and waited
            // for.
            var isLost = false
            while let ended = await group.next() {
                group.cancelAll()
                guard let ended else {
                    isLost = !Task.isCancelled
                    continue
                }
                return isLost && mode != .forever ? .failure(LostDatabase()) : ended
            }
            return .success(JobWorker.Tally())
        }
        return try result.get()
    }

    private func runWorkers(as incarnation: UUID, mode: JobWorker.Mode) async throws -> JobWorker.Tally {
        guard mode == .forever else {
            var tally = JobWorker.Tally()
            for worker in workers where !Task.isShuttingDownGracefully {
                tally = tally + (try await worker.run(as: incarnation, mode: mode))
            }
            return tally
        }
        return try await withThrowingTaskGroup(of: JobWorker.Tally.self) { group in
            for worker in workers {
                group.addTask { try await worker.run(as: incarnation, mode: mode) }
            }
            return try await group.reduce(JobWorker.Tally()) { $0 + $1 }
        }
    }

    /// In an unstructured task, because jobs must be given back although this one may be cancelled; but not for long,
    /// because what cannot be given back now is taken back later.
    private func end(_ incarnation: UUID) async throws {
        do {
            try await Task { try await withTimeout(.seconds(5)) { try await lease.end(incarnation) } }.value
        } catch let error as TimeLimitExceeded {
            throw PostgresError(.timedOut, "jobs could not be given back: \(error)")
        }
        logger.info("worker \(incarnation.lowercased) stopped")
    }

    /// What runs, for people.
    package var kinds: String { workers.map(\.queue.table.kind).joined(separator: ", ") }
}

extension PostgresError {
    /// Waiting does not help: a wrong password, an unknown database, a malformed connection string.
    package var isForTheOperator: Bool {
        kind == .invalidConfiguration
            || [.invalidAuthorization, .invalidPassword, .unknownDatabase].contains { $0 == sqlState }
    }
}

/// Waits between two attempts to reach a server: doubling from half a second to fifteen.
struct Backoff {
    private var next: Duration = .milliseconds(500)

    mutating func reset() {
        self = Backoff()
    }

    /// - Returns: false if the task was cancelled or asked to shut down meanwhile.
    mutating func wait() async -> Bool {
        let delay = next * Double.random(in: 0.5...1)
        next = min(next * 2, .seconds(15))
        await cancelWhenGracefulShutdown { try? await Task.sleep(for: delay) }
        return !Task.isCancelled && !Task.isShuttingDownGracefully
    }
}

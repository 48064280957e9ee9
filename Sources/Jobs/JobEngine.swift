import Foundation
package import Logging
package import Postgres
import ServiceLifecycle

/// The workers of one process and all that keeps their promises: a registered incarnation that beats, the rescue of
/// jobs that others lost, and a new incarnation when this one lost the database.
package struct JobEngine: Sendable {
    private let workers: [JobWorker]
    private let lease: WorkerLease
    private let doorbell: Doorbell?
    private let retention: Retention
    private let logger: Logger
    private let prepare: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - workers: one a queue, over `database`.
    ///   - beatDatabase: of its own and with one connection, so that no busy pool can delay a beat.
    ///   - doorbell: of the workers' queues; nil to poll only.
    ///   - retention: how long finished work is remembered.
    ///   - version: of the program, for the `workers` table.
    ///   - prepare: runs before each incarnation, and may throw to end the engine: a check of the schema.
    package init(
        workers: [JobWorker], beatDatabase: Database, doorbell: Doorbell? = nil, retention: Retention = Retention(),
        version: String, logger: Logger,
        prepare: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.workers = workers
        self.doorbell = doorbell
        self.retention = retention
        self.logger = logger
        self.prepare = prepare
        lease = WorkerLease(
            database: beatDatabase, tables: workers.map(\.queue.table), version: version, doorbell: doorbell,
            logger: logger)
    }

    /// The incarnation lost the database for so long that its jobs are others' now; thrown only where the run was to
    /// end by itself.
    package struct LostDatabase: Error {}

    /// Runs the workers side by side until shutdown, or one after the other until each ends by itself.
    ///
    /// While the database cannot be reached a run without an end waits and tries again; nothing is lost meanwhile.
    /// - Returns: how the jobs ended, of all incarnations.
    /// - Throws: what `prepare` throws; ``PostgresError`` where waiting does not help; ``LostDatabase``.
    @discardableResult
    package func run(_ mode: JobWorker.Mode) async throws -> JobWorker.Tally {
        var backoff = Backoff()
        var unfinished: UUID?
        var afterOutage = false
        var total = JobWorker.Tally()
        while true {
            do {
                try await prepare()
                // What an incarnation that lost the database still holds is given back uncounted, before the next one.
                if let former = unfinished { try await end(former) }
                let incarnation = try await lease.register()
                unfinished = incarnation
                backoff.reset()
                total = total + (try await live(as: incarnation, afterOutage: afterOutage, mode: mode))
                afterOutage = true
                try await end(incarnation)
                unfinished = nil
                guard mode == .forever, !Task.isShuttingDownGracefully, !Task.isCancelled else { return total }
            } catch let error as PostgresError where mode == .forever && !error.isForTheOperator {
                afterOutage = true
                logger.error("worker: waiting for the database: \(error)")
                guard await backoff.wait() else { return total }
            } catch {
                if let unfinished { try? await end(unfinished) }
                throw error
            }
        }
    }

    /// One incarnation: beats, rescues and works, until the work ends or the lease is lost.
    /// - Parameter afterOutage: the database was out of reach just before.
    private func live(
        as incarnation: UUID, afterOutage: Bool, mode: JobWorker.Mode
    ) async throws -> JobWorker.Tally {
        logger.info("worker \(incarnation.lowercased) started: \(kinds)")
        return try await withThrowingTaskGroup(of: Ended.self) { group in
            group.addTask {
                try? await lease.beatUntilLost(incarnation)
                return .lease
            }
            group.addTask {
                await runCompanions(afterOutage: afterOutage, mode: mode)
                return .companions
            }
            group.addTask {
                do {
                    return .work(.success(try await runWorkers(as: incarnation, mode: mode)))
                } catch {
                    return .work(.failure(error))
                }
            }
            // The first to end is the work itself, or the lease; then the work is cancelled, and waited for.
            var isLost = false
            while let ended = try await group.next() {
                switch ended {
                case .companions: continue
                case .lease: isLost = !Task.isCancelled
                case .work(let result):
                    group.cancelAll()
                    if isLost, mode != .forever { throw LostDatabase() }
                    return try result.get()
                }
                group.cancelAll()
            }
            return JobWorker.Tally()
        }
    }

    /// What ended while an incarnation lived.
    private enum Ended {
        case work(Result<JobWorker.Tally, any Error>)
        case lease
        case companions
    }

    /// What goes on beside the work, and may end without an effect on it.
    private func runCompanions(afterOutage: Bool, mode: JobWorker.Mode) async {
        let queues = workers.map(\.queue)
        let rescuer = LostJobRescuer(queues: queues, logger: logger)
        let pruner = HistoryPruner(queues: queues, retention: retention, logger: logger)
        let meter = QueueMeter(queues: queues, logger: logger)
        await withDiscardingTaskGroup { group in
            group.addTask { try? await rescuer.run(afterOutage: afterOutage) }
            group.addTask { try? await pruner.run() }
            group.addTask { try? await meter.run() }
            // A run that ends by itself looks again when its jobs end, and never sleeps until it is woken.
            if mode == .forever, let doorbell { group.addTask { await doorbell.run() } }
        }
    }

    private func runWorkers(as incarnation: UUID, mode: JobWorker.Mode) async throws -> JobWorker.Tally {
        guard mode == .forever else {
            var tally = JobWorker.Tally()
            for worker in workers where !Task.isShuttingDownGracefully {
                tally = tally + (try await run(worker, as: incarnation, mode: mode))
            }
            return tally
        }
        return try await withThrowingTaskGroup(of: JobWorker.Tally.self) { group in
            for worker in workers {
                group.addTask(executorPreference: doorbell?.thread) {
                    try await run(worker, as: incarnation, mode: mode)
                }
            }
            return try await group.reduce(JobWorker.Tally()) { $0 + $1 }
        }
    }

    private func run(
        _ worker: JobWorker, as incarnation: UUID, mode: JobWorker.Mode
    ) async throws -> JobWorker.Tally {
        try await worker.run(as: incarnation, mode: mode, running: lease.running, doorbell: doorbell)
    }

    /// In an unstructured task, because jobs must be given back although this one may be cancelled; but not for long,
    /// because what cannot be given back now is taken back later.
    private func end(_ incarnation: UUID) async throws {
        try await Task { try await withTimeout(.seconds(5)) { try await lease.end(incarnation) } }.value
        logger.info("worker \(incarnation.lowercased) stopped")
    }

    /// What runs, for people.
    package var kinds: String { workers.map(\.queue.table.kind).joined(separator: ", ") }
}

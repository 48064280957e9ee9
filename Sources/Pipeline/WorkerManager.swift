import Foundation
package import Jobs
public import Logging
import MediaContract
import MediaSandbox
import ObjectStorage
import Postgres
public import ServiceLifecycle
import SystemPackage

/// Starts and stops the upload worker and the processing worker with the process that hosts them.
///
/// `run()` is a ServiceLifecycle service: on graceful shutdown it claims nothing more, lets running jobs finish within
/// the drain time and gives the rest back. The process may be killed at any moment as well; other workers then take its
/// jobs up within about 20 seconds.
public struct WorkerManager: Service {
    private let configuration: PipelineConfiguration
    private let logger: Logger
    private let resources: PipelineResources

    /// Checks the configuration; connects to nothing yet.
    /// - Throws: `PipelineError` that names the setting to correct.
    public init(_ configuration: PipelineConfiguration, logger: Logger) throws(PipelineError) {
        self.configuration = configuration
        self.logger = logger
        resources = try PipelineResources(configuration, logger: logger)
    }

    /// Runs the workers until graceful shutdown or cancellation. While the database cannot be reached it waits and
    /// tries again; nothing is lost meanwhile.
    /// - Throws: `PipelineError` where the database lacks Lathe's tables.
    public func run() async throws {
        try await run(.forever)
    }

    /// Runs the workers until shutdown, or one after the other, uploads first, until each ends by itself.
    /// - Returns: how the jobs ended.
    @discardableResult
    package func run(_ mode: JobWorker.Mode) async throws -> JobWorker.Tally {
        let lease = WorkerLease(
            database: resources.beatDatabase, tables: workers.map(\.queue.table), version: LatheVersion.current,
            logger: logger)
        var backoff = Backoff()
        var unfinished: UUID?
        while true {
            do {
                try await resources.checkSchema()
                // What an incarnation that lost the database still holds is given back uncounted, before the next one.
                if let former = unfinished { try await end(former, of: lease) }
                let incarnation = try await lease.register()
                unfinished = incarnation
                backoff.reset()
                let tally = try await live(as: incarnation, lease: lease, mode: mode)
                try await end(incarnation, of: lease)
                unfinished = nil
                guard mode == .forever, !Task.isShuttingDownGracefully, !Task.isCancelled else {
                    await resources.close()
                    return tally
                }
            } catch let error as PostgresError where mode == .forever {
                guard !error.isForTheOperator else { throw PipelineError(.badConfiguration, error.message) }
                logger.error("worker: waiting for the database: \(error)")
                guard await backoff.wait() else { return JobWorker.Tally() }
            }
        }
    }

    /// One incarnation: beats, rescues and works, until the work ends or the lease is lost.
    private func live(as incarnation: UUID, lease: WorkerLease, mode: JobWorker.Mode) async throws -> JobWorker.Tally {
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
                return isLost && mode != .forever ? .failure(Self.lostDatabase) : ended
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

    private static let lostDatabase = PipelineError(
        .unreachable, "the database was out of reach for too long; jobs that ran are taken up again by the next worker")

    /// In an unstructured task, because jobs must be given back although this one may be cancelled; but not for long,
    /// because what cannot be given back now is taken back later.
    private func end(_ incarnation: UUID, of lease: WorkerLease) async throws {
        do {
            try await Task { try await withTimeout(.seconds(5)) { try await lease.end(incarnation) } }.value
        } catch let error as TimeLimitExceeded {
            throw PostgresError(.timedOut, "jobs could not be given back: \(error)")
        }
        logger.info("worker \(incarnation.lowercased) stopped")
    }

    private var workers: [JobWorker] { resources.workers }

    /// What runs, for people.
    private var kinds: String { workers.map(\.queue.table.kind).joined(separator: ", ") }
}

extension WorkerManager: CustomStringConvertible {
    /// What a service group logs of it: never a connection string or a secret.
    public var description: String {
        "WorkerManager(\(kinds))"
    }
}

extension PostgresError {
    /// Waiting does not help: a wrong password, an unknown database, a malformed connection string.
    fileprivate var isForTheOperator: Bool {
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

package import Foundation
package import Logging
import Postgres
import ServiceLifecycle

/// The loop of both workers: scan, claim as many jobs as there are free slots, run each in a task of its own, write the
/// outcomes with the next claim, and sleep until the doorbell rings, the next job is due or the next poll.
///
/// On graceful shutdown it claims nothing more, lets running jobs finish within `drainTime`, then cancels them and
/// gives them back.
package struct JobWorker: Sendable {
    package struct Settings: Sendable, Hashable {
        /// Between two polls; each is jittered by ±10 % so that many hosts do not poll in step.
        package var pollInterval: Duration
        /// Jobs run at once.
        package var concurrency: Int
        /// How long running jobs may go on after a shutdown was asked for.
        package var drainTime: Duration
        /// Jobs claimed or settled by one statement at most, 1 to 128.
        package var batch: Int

        package init(
            pollInterval: Duration, concurrency: Int, drainTime: Duration = .seconds(30),
            batch: Int = JobQueue.maximumBatch
        ) {
            self.pollInterval = pollInterval
            self.concurrency = concurrency
            self.drainTime = drainTime
            self.batch = min(max(batch, 1), JobQueue.maximumBatch)
        }
    }

    /// When the loop ends by itself.
    package enum Mode: Sendable, Hashable {
        /// Never: it runs until shutdown.
        case forever
        /// After one poll and the jobs it claimed.
        case once
        /// When no job is left whose time has come.
        case untilEmpty
    }

    package let queue: JobQueue
    let handler: any JobHandler
    let settings: Settings
    let logger: Logger

    package init(queue: JobQueue, handler: any JobHandler, settings: Settings, logger: Logger) {
        self.queue = queue
        self.handler = handler
        self.settings = settings
        self.logger = logger
    }

    /// Runs alone as the incarnation `worker`, without a beat or a doorbell.
    package func run(as worker: UUID, mode: Mode) async throws -> Tally {
        try await run(as: worker, mode: mode, running: RunningJobs(), doorbell: nil)
    }

    /// Runs as the incarnation `worker` until shutdown, cancellation, or the end that `mode` sets.
    /// - Throws: `PostgresError` in the modes that end by themselves; a worker that runs forever logs it and goes on.
    func run(as worker: UUID, mode: Mode, running: RunningJobs, doorbell: Doorbell?) async throws -> Tally {
        try await withThrowingTaskGroup(of: Wake.self) { group in
            defer { group.cancelAll() }
            var run = Run(
                worker: worker, mode: mode, doorbell: doorbell,
                jobRun: JobRun(queue: queue, handler: handler, running: running, logger: logger),
                loop: WorkerLoop(
                    mode: mode, slots: settings.concurrency, batch: settings.batch, scans: handler.scans),
                timers: JobTimers(queue: kind))
            if let doorbell { hearken(doorbell.rings(of: queue.table), of: doorbell, in: &group) }
            while true {
                if Task.isCancelled, !run.isEnding {
                    run.isEnding = true
                    run.loop.cancelled()
                }
                switch run.loop.next(isShuttingDown: Task.isShuttingDownGracefully) {
                case .wait:
                    guard let wake = try await group.next() else { return run.tally }
                    handle(wake, of: &run, in: &group)
                case .stop:
                    if let failure = run.failure { throw failure }
                    return run.tally
                case let step: begin(step, of: &run, in: &group)
                }
            }
        }
    }
}

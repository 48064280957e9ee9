package import Foundation
package import Logging
import Metrics
import Postgres
import ServiceLifecycle

/// The polling loop of both workers: scan, claim as many jobs as there are free slots, run each in a task of its own,
/// settle, and sleep until the next poll.
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

        package init(pollInterval: Duration, concurrency: Int, drainTime: Duration = .seconds(30)) {
            self.pollInterval = pollInterval
            self.concurrency = concurrency
            self.drainTime = drainTime
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

    /// How many jobs of one run ended in which way.
    package struct Tally: Sendable, Hashable {
        package var completed = 0
        /// Put back for another try: retried or snoozed.
        package var postponed = 0
        package var failed = 0
        /// Given back or thrown away: shutdown, lost lease.
        package var released = 0

        package init() {}
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

    private enum Wake {
        case claimed([ClaimedJob], limit: Int)
        case jobEnded(JobRun.End, lease: UUID)
        case pauseEnded
        case drainTimeOver
    }

    private typealias Group = ThrowingTaskGroup<Wake, any Error>

    /// What one run of the loop knows.
    private struct Run {
        let worker: UUID
        let mode: Mode
        var loop: WorkerLoop
        var tally = Tally()
        /// Leases of the jobs that run.
        var leases: Set<UUID> = []
    }

    /// Runs as the incarnation `worker` until shutdown, cancellation, or the end that `mode` sets.
    /// - Throws: `PostgresError` in the modes that end by themselves; a worker that runs forever logs it and goes on.
    package func run(as worker: UUID, mode: Mode) async throws -> Tally {
        try await withThrowingTaskGroup(of: Wake.self) { group in
            defer { group.cancelAll() }
            var run = Run(worker: worker, mode: mode, loop: WorkerLoop(mode: mode, slots: settings.concurrency))
            while !Task.isCancelled {
                switch run.loop.next(isShuttingDown: Task.isShuttingDownGracefully) {
                case .claim(let limit, let scans):
                    group.addTask { [run] in
                        .claimed(try await claim(limit, scans: scans, for: run), limit: limit)
                    }
                case .pause:
                    group.addTask {
                        await pause()
                        return .pauseEnded
                    }
                case .wait:
                    guard let wake = try await group.next() else { return run.tally }
                    handle(wake, of: &run, in: &group)
                case .stop:
                    return run.tally
                }
            }
            return run.tally
        }
    }

    private func handle(_ wake: Wake, of run: inout Run, in group: inout Group) {
        switch wake {
        case .claimed(let jobs, let limit):
            run.loop.claimed(jobs.count, of: limit)
            for job in jobs {
                run.leases.insert(job.lease)
                let jobRun = JobRun(queue: queue, handler: handler, logger: logger)
                group.addTask { .jobEnded(await jobRun.run(job), lease: job.lease) }
            }
        case .jobEnded(let end, let lease):
            run.leases.remove(lease)
            run.tally.count(end)
            run.loop.jobEnded()
        case .pauseEnded:
            guard run.loop.pauseEnded(isShuttingDown: Task.isShuttingDownGracefully) else { return }
            logger.notice("\(queue.table.kind) worker stops: no more claims, \(run.loop.running) jobs still run")
            group.addTask {
                try? await Task.sleep(for: settings.drainTime)
                return .drainTimeOver
            }
        case .drainTimeOver:
            logger.notice("\(queue.table.kind) worker: drain time is over, \(run.loop.running) jobs are given back")
            group.cancelAll()
        }
    }

    /// Scans where a poll is due, and claims. A scan that fails stops no claim.
    private func claim(_ limit: Int, scans: Bool, for run: Run) async throws -> [ClaimedJob] {
        do {
            if scans { await scan(run) }
            return try await queue.claim(limit: limit, worker: run.worker)
        } catch {
            guard run.mode == .forever || Task.isCancelled else { throw error }
            if !Task.isCancelled {
                logger.error("\(queue.table.kind) worker could not poll: \(error)")
            }
            return []
        }
    }

    private func scan(_ run: Run) async {
        do {
            let strays = try await queue.releaseStrays(of: run.worker, except: Array(run.leases))
            if strays > 0 { logger.warning("\(queue.table.kind) worker: \(strays) stray jobs given back") }
            try await handler.scan()
        } catch {
            if !Task.isCancelled { logger.error("\(queue.table.kind) worker could not scan: \(error)") }
        }
    }

    /// Sleeps for one poll interval, or until shutdown.
    private func pause() async {
        let jitter = Double.random(in: 0.9...1.1)
        await cancelWhenGracefulShutdown {
            try? await Task.sleep(for: settings.pollInterval * jitter)
        }
    }
}

extension JobWorker.Tally {
    mutating func count(_ end: JobRun.End) {
        switch end {
        case .completed: completed += 1
        case .postponed: postponed += 1
        case .failed: failed += 1
        case .released: released += 1
        }
    }

    package static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum.completed += right.completed
        sum.postponed += right.postponed
        sum.failed += right.failed
        sum.released += right.released
        return sum
    }
}

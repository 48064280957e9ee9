import Foundation
import Logging
import Postgres

/// One claimed job, from its handler's first step to its outcome.
struct JobRun: Sendable {
    /// How the run ended, for the tally.
    enum End: String, Sendable, Hashable, CaseIterable {
        case completed, postponed, failed, released
    }

    /// What the handler said, and how long it took.
    struct Answer: Sendable {
        let job: ClaimedJob
        let outcome: JobOutcome
        let took: Duration
        let verdict: Verdict
    }

    /// A job's result is stored in a transaction of its own, so that no two results wait for each other's rows;
    /// outcomes without one are gathered.
    enum Ending: Sendable {
        case gathers(Answer)
        case written(End, took: Duration)
    }

    let queue: JobQueue
    let handler: any JobHandler
    let running: RunningJobs
    let logger: Logger

    func run(_ job: ClaimedJob) async -> Ending {
        let start = ContinuousClock.now
        let outcome = await work(on: job)
        let took = start.duration(to: .now)
        guard case .done = outcome else { return .gathers(answer(outcome, of: job, took: took)) }
        let end = await store(outcome, of: job, took: took)
        running.remove(job.lease)
        return .written(end, took: took)
    }

    /// Runs the handler so that this job can be stopped alone, when its lease is lost.
    private func work(on job: ClaimedJob) async -> JobOutcome {
        await unsafe withUnsafeCurrentTask { current in
            let task = unsafe CurrentTask(current)
            running.workBegan(job.lease) { task.cancel() }
            defer { running.workEnded(job.lease) }
            return await handler.run(job)
        }
    }

    /// A task that may be cancelled from another one, for as long as it runs: `RunningJobs` calls `stop` under the lock
    /// that `workEnded` takes before the task goes on. A task of its own for each job would cost a tenth of a busy
    /// worker's time.
    @safe
    private struct CurrentTask: @unchecked Sendable {
        private let task: UnsafeCurrentTask?

        init(_ task: UnsafeCurrentTask?) { unsafe self.task = task }

        func cancel() { unsafe task?.cancel() }
    }

    private func answer(_ outcome: JobOutcome, of job: ClaimedJob, took: Duration) -> Answer {
        Answer(job: job, outcome: outcome, took: took, verdict: Verdict(outcome, of: job, policy: queue.policy))
    }

    /// Writes what was done although this task may be cancelled by now, but not for longer than a shutdown can bear.
    static func writing<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) async throws -> R {
        try await Task { try await withTimeout(.seconds(10), body) }.value
    }

    /// Stores the result; while the database is away it tries again, until the worker itself gives up.
    private func store(_ outcome: JobOutcome, of job: ClaimedJob, took: Duration) async -> End {
        var outcome = outcome
        let patience = ContinuousClock.now + WorkerLease.timeToLive
        while true {
            do {
                let settlement = try await Self.writing { [outcome] in try await queue.settle(job, as: outcome) }
                return report(settlement, of: job, as: outcome, took: took)
            } catch let error as PostgresError where error.sqlState == .lockNotAvailable && .now > patience {
                // The rows of the result are locked by another session, the job's own is not: it is put off with a
                // backoff.
                guard case .done = outcome else { return .released }
                outcome = .snooze("the result waits for a row that another session has locked: \(error)")
            } catch let error as PostgresError where error.isTransient && !Task.isCancelled {
                logger(of: job).warning("the job's outcome could not be written yet: \(error)")
                try? await Task.sleep(for: .seconds(1))
            } catch {
                guard case .done = outcome, !Task.isCancelled else {
                    logger(of: job).error("the job's outcome could not be written, it is given back soon: \(error)")
                    return .released
                }
                outcome = .retry("the result could not be stored: \(error)")
            }
        }
    }

    /// Logs what became of a job.
    func report(
        _ settlement: JobQueue.Settlement, of job: ClaimedJob, as outcome: JobOutcome, took: Duration
    ) -> End {
        let kind = queue.table.kind
        guard case .settled(let transition, let summary) = settlement else {
            logger(of: job).warning(
                "\(kind) job was cancelled, changed or taken by another worker meanwhile; the result is thrown away")
            return .released
        }
        switch (transition.state.phase, outcome) {
        case (.completed, _):
            if logger.logLevel <= .info {
                logger(of: job).info("\(kind) job completed in \(took.rounded): \(summary)")
            }
            return .completed
        case (.pending, .released):
            logger(of: job).notice("\(kind) job given back")
            return .released
        case (.pending, _):
            let retries = transition.state.retryCount
            logger(of: job).warning("\(kind) job waits \(transition.delay.rounded), retry \(retries): \(summary)")
            return .postponed
        case (_, _):
            logger(of: job).error("\(kind) job FAILED: \(summary)")
            return .failed
        }
    }

    private func logger(of job: ClaimedJob) -> Logger {
        var logger = logger
        logger[metadataKey: "job"] = "\(job.id.lowercased)"
        return logger
    }
}

extension Duration {
    /// For people: minutes and seconds with one digit.
    var rounded: String {
        formatted(.units(allowed: [.seconds, .minutes], fractionalPart: .show(length: 1)))
    }
}

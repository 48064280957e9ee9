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
        /// The lease cannot hold any longer than this.
        let deadline = ContinuousClock.now + WorkerLease.timeToLive
    }

    /// A job's result is stored in a transaction of its own, so that no two results wait for each other's rows; outcomes
    /// without one are gathered.
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
        // A task of its own, so that the job can be stopped alone when its lease is lost.
        let work = Task { await handler.run(job) }
        running.insert(job.lease) { work.cancel() }
        let outcome = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        let took = start.duration(to: .now)
        running.workEnded(job.lease)
        guard case .done = outcome else { return .gathers(answer(outcome, of: job, took: took)) }
        // In an unstructured task, because the result must be stored even though this one may be cancelled by now.
        let end = await Task { await store(outcome, of: job, took: took) }.value
        running.remove(job.lease)
        return .written(end, took: took)
    }

    private func answer(_ outcome: JobOutcome, of job: ClaimedJob, took: Duration) -> Answer {
        Answer(job: job, outcome: outcome, took: took, verdict: Verdict(outcome, of: job, policy: queue.policy))
    }

    /// Stores the result; while the database is away it tries again for as long as the lease can hold.
    private func store(_ outcome: JobOutcome, of job: ClaimedJob, took: Duration) async -> End {
        var deadline = ContinuousClock.now + WorkerLease.timeToLive
        var outcome = outcome
        while true {
            do {
                let settlement = try await queue.settle(job, as: outcome)
                return report(settlement, of: job, as: outcome, took: took)
            } catch let error as PostgresError where error.isTransient && .now < deadline {
                logger(of: job).warning("the job's outcome could not be written yet: \(error)")
                try? await Task.sleep(for: .seconds(1))
            } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
                // The rows of the result are locked by another session, the job's own is not: it is put off with a backoff.
                guard case .done = outcome else { return .released }
                outcome = .snooze("the result waits for a row that another session has locked: \(error)")
                deadline = .now + WorkerLease.timeToLive
            } catch {
                guard case .done = outcome, .now < deadline else {
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

extension PostgresError {
    /// The same statement may succeed in a moment: the server is away, the pool is busy, a lock was not had in time.
    var isTransient: Bool {
        // 25006: the server was demoted to a read-only standby.
        let passing: [SQLState] = [.lockNotAvailable, .queryCanceled, SQLState(rawValue: "25006")]
        return isConnectionFailure || isSerializationFailure || kind == .timedOut
            || passing.contains { $0 == sqlState }
    }
}

extension Duration {
    /// For people: minutes and seconds with one digit.
    var rounded: String {
        formatted(.units(allowed: [.seconds, .minutes], fractionalPart: .show(length: 1)))
    }
}

import Foundation
import Logging
import Metrics
import Postgres

/// One claimed job, from its handler's first step to the written outcome.
struct JobRun: Sendable {
    /// How the run ended, for the tally.
    enum End: String, Sendable, Hashable {
        case completed, postponed, failed, released
    }

    let queue: JobQueue
    let handler: any JobHandler
    let logger: Logger

    func run(_ job: ClaimedJob) async -> End {
        var logger = logger
        logger[metadataKey: "job"] = "\(job.id.lowercased)"
        let start = ContinuousClock.now
        let outcome = await handler.run(job)
        let took = start.duration(to: .now)
        // An unstructured task, because the outcome must be written even though this one may be cancelled by now.
        let end = await Task { await settle(job, as: outcome, took: took, logger: logger) }.value
        let kind = queue.table.kind
        Timer(label: "lathe_job_duration", dimensions: [("kind", kind), ("end", end.rawValue)])
            .recordNanoseconds(Int64(took.seconds * 1e9))
        return end
    }

    /// Writes the outcome; while the database is away it tries again for as long as the lease can hold.
    private func settle(_ job: ClaimedJob, as outcome: JobOutcome, took: Duration, logger: Logger) async -> End {
        var deadline = ContinuousClock.now + WorkerLease.timeToLive
        var outcome = outcome
        while true {
            do {
                let settlement = try await queue.settle(job, as: outcome)
                return report(settlement, of: outcome, took: took, logger: logger)
            } catch let error as PostgresError where error.isTransient && .now < deadline {
                logger.warning("the job's outcome could not be written yet: \(error)")
                try? await Task.sleep(for: .seconds(1))
            } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
                // The rows of the result are locked by another session, the job's own is not: it is put off with a backoff.
                guard case .done = outcome else { return .released }
                outcome = .snooze("the result waits for a row that another session has locked: \(error)")
                deadline = .now + WorkerLease.timeToLive
            } catch {
                guard case .done = outcome, .now < deadline else {
                    logger.error("the job's outcome could not be written, it is given back at the next poll: \(error)")
                    return .released
                }
                outcome = .retry("the result could not be stored: \(error)")
            }
        }
    }

    private func report(
        _ settlement: JobQueue.Settlement, of outcome: JobOutcome, took: Duration, logger: Logger
    ) -> End {
        let kind = queue.table.kind
        guard case .settled(let transition, let summary) = settlement else {
            logger.warning("\(kind) job was changed or taken by another worker meanwhile; the result is thrown away")
            return .released
        }
        switch (transition.state.phase, outcome) {
        case (.completed, _):
            logger.info("\(kind) job completed in \(took.rounded): \(summary)")
            return .completed
        case (.pending, .released):
            logger.notice("\(kind) job given back")
            return .released
        case (.pending, _):
            let retries = transition.state.retryCount
            logger.warning("\(kind) job waits \(transition.delay.rounded), retry \(retries): \(summary)")
            return .postponed
        case (_, _):
            logger.error("\(kind) job FAILED: \(summary)")
            return .failed
        }
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

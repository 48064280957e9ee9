import Foundation
import Postgres

/// What is to be written of one attempt at a job: the state it leads to, and a line of its history.
struct Verdict: Sendable {
    /// What the history calls the end of an attempt.
    enum Ending: String, Sendable, Hashable, CaseIterable {
        case completed, retried, failed, snoozed, released, crashed, cancelled
    }

    let id: UUID
    /// The token the row must still have; nil for a row that never had one.
    let lease: UUID?
    let transition: JobTransition
    let ending: Ending
    /// What went wrong, in words an operator can act on.
    let error: String?
}

extension Verdict {
    /// What an outcome means for a job in the state it was claimed in.
    init(_ outcome: JobOutcome, of job: ClaimedJob, policy: RetryPolicy) {
        // A claimed job is running, and a running job can end in every way a handler knows.
        let transition =
            job.state.applying(outcome.event, policy: policy, jitter: .random(in: 0...1)) ?? JobTransition(job.state)
        self.init(
            id: job.id, lease: job.lease, transition: transition,
            ending: Ending(outcome, to: transition.state.phase), error: outcome.error)
    }
}

extension Verdict.Ending {
    fileprivate init(_ outcome: JobOutcome, to phase: JobState.Phase) {
        switch outcome {
        case .done, .finished: self = .completed
        case .retry: self = phase == .failed ? .failed : .retried
        case .fail: self = .failed
        case .snooze: self = .snoozed
        case .released: self = .released
        }
    }
}

extension JobOutcome {
    var event: JobEvent {
        switch self {
        case .done, .finished: .succeeded
        case .retry: .failedTransiently
        case .fail: .failedPermanently
        case .snooze: .snoozed
        case .released: .released
        }
    }

    /// What went wrong, where something did.
    var error: String? {
        switch self {
        case .done, .finished, .released: nil
        case .retry(let reason), .fail(let reason), .snooze(let reason): reason
        }
    }
}

extension JobTable {
    /// The common table expressions `verdict`, `mine`, `settled` and `history`: they write every verdict whose row is
    /// still running under the verdict's lease, and its line of history. `mine` holds the rows that were.
    /// - Parameters:
    ///   - condition: what else must hold of a row `job`.
    ///   - skipsLocked: rows that another session has locked are left out instead of waited for.
    func settling(_ verdicts: [Verdict], where condition: SQL = "true", skipsLocked: Bool = false) -> SQL {
        let states = verdicts.map(\.transition.state)
        return """
            verdict AS MATERIALIZED (
                SELECT * FROM unnest(
                    \(verdicts.map(\.id)), \(verdicts.map(\.lease)), \(states.map { status(of: $0.phase) })::text[],
                    \(states.map(\.retryCount)), \(states.map(\.crashCount)), \(states.map(\.snoozeCount)),
                    \(states.map(\.releaseCount)), \(verdicts.map(\.transition.delay.seconds)),
                    \(verdicts.map(\.ending.rawValue))::text[], \(verdicts.map(\.error))::text[]
                ) AS v (id, lease, status, retries, crashes, snoozes, releases, delay, ending, error)
            ), mine AS MATERIALIZED (
                SELECT v.*, job.worker_id, job.attempt_count, job.started_at
                FROM \(identifier: name) AS job JOIN verdict v ON v.id = job.id
                WHERE job.status = '\(unsafeRaw: runningStatus)' AND job.lease_token IS NOT DISTINCT FROM v.lease
                    AND \(sql: condition)
                FOR UPDATE OF job\(sql: skipsLocked ? " SKIP LOCKED" : "")
            ), settled AS (
                UPDATE \(identifier: name) AS job
                SET status = v.status::\(identifier: statusType), retry_count = v.retries, crash_count = v.crashes,
                    snooze_count = v.snoozes, release_count = v.releases,
                    error_log = CASE v.ending WHEN 'released' THEN job.error_log ELSE v.error END,
                    run_after = now() + make_interval(secs => v.delay),
                    turn = CASE WHEN v.status = 'PENDING' THEN job.turn END, worker_id = NULL, lease_token = NULL,
                    finished_at = CASE WHEN v.status IN ('COMPLETED', 'FAILED') THEN now() END
                FROM mine v
                WHERE job.id = v.id
            ), history AS (
                INSERT INTO job_attempts (queue, job_id, attempt, worker_id, worker, started_at, outcome, error)
                SELECT '\(unsafeRaw: kind)', v.id, v.attempt_count, v.worker_id, w.host || ':' || w.pid,
                    v.started_at, v.ending, v.error
                FROM mine v LEFT JOIN workers w ON w.id = v.worker_id
            )
            """
    }
}

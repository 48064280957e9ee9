package import Foundation
package import Postgres

/// One job table, and the four statements workers run on it: claim, settle, take back, retry. Each is a short
/// transaction of its own; none is open while a job runs.
package struct JobQueue: Sendable {
    package let table: JobTable
    package let database: Database
    package let policy: RetryPolicy

    package init(table: JobTable, database: Database, policy: RetryPolicy = RetryPolicy()) {
        self.table = table
        self.database = database
        self.policy = policy
    }

    /// Takes up to `limit` jobs whose time has come, oldest first, each with a lease token of its own.
    ///
    /// The CTE is MATERIALIZED because a LIMIT in a subquery of an UPDATE may run more than once and claim more
    /// than it says. A worker whose own row has stopped beating claims nothing.
    package func claim(limit: Int, worker: UUID) async throws(PostgresError) -> [ClaimedJob] {
        let rows = try await database.query(
            """
            WITH next AS MATERIALIZED (
                SELECT id FROM \(identifier: table.name)
                WHERE status = 'PENDING' AND run_after <= now()
                    AND EXISTS (SELECT 1 FROM workers w WHERE w.id = \(worker) AND \(sql: WorkerLease.isLive))
                ORDER BY run_after, id
                LIMIT \(limit)
                FOR UPDATE SKIP LOCKED
            )
            UPDATE \(identifier: table.name) AS job
            SET status = \(table.runningStatus), worker_id = \(worker), lease_token = gen_random_uuid(),
                attempt_count = attempt_count + 1, started_at = now(), finished_at = NULL
            FROM next
            WHERE job.id = next.id
            RETURNING job.*
            """)
        var jobs: [ClaimedJob] = []
        for row in rows {
            jobs.append(try ClaimedJob(row: row))
        }
        return jobs
    }

    /// What came of writing an outcome.
    package enum Settlement: Sendable, Hashable {
        /// Written: the state the row has now, how long it waits, and what a handler said of its stored result or
        /// of its failure.
        case settled(JobTransition, summary: String)
        /// The lease was not ours any more, so nothing was written.
        case leaseLost
    }

    /// Writes an outcome, if the lease still holds. A finished job's result is stored in the same transaction.
    package func settle(_ job: ClaimedJob, as outcome: JobOutcome) async throws -> Settlement {
        do {
            return try await write(outcome, of: job)
        } catch let rejection as JobRejection {
            return try await write(.fail(rejection.reason), of: job)
        }
    }

    private func write(_ outcome: JobOutcome, of job: ClaimedJob) async throws -> Settlement {
        let jitter = Double.random(in: 0...1)
        guard let transition = job.state.applying(outcome.event, policy: policy, jitter: jitter) else {
            return .leaseLost
        }
        do {
            return try await database.transaction { transaction in
                try transaction.limitLockWait(to: .seconds(5))
                // The result's rows come first and the job's own last: the application's deletes lock a release, its
                // tracks and their jobs in that order, and so must we.
                var summary = outcome.error ?? ""
                if case .done(let store) = outcome { summary = try store(transaction) }
                let error = outcome.error ?? job.lastError(after: transition)
                guard try update(job.id, to: transition, error: error, lease: job.lease, in: transaction) else {
                    throw LeaseLost()
                }
                return .settled(transition, summary: summary)
            }
        } catch is LeaseLost {
            return .leaseLost
        }
    }

    /// Rolls a settlement back.
    private struct LeaseLost: Error {}

    /// Gives back rows that stand under this worker's name although it runs nothing with their lease: a claim whose
    /// answer was lost on the way, or an outcome that could not be written.
    /// - Parameter leases: of the jobs that do run.
    package func releaseStrays(of worker: UUID, except leases: [UUID]) async throws -> Int {
        try await database.transaction { transaction in
            try transaction.limitLockWait(to: .seconds(1))
            return try transaction.execute(
                """
                UPDATE \(identifier: table.name)
                SET status = 'PENDING', worker_id = NULL, lease_token = NULL, run_after = now()
                WHERE worker_id = \(worker) AND status = \(table.runningStatus)
                    AND lease_token IS NOT NULL AND lease_token <> ALL(\(leases))
                """)
        }
    }

    /// Takes back the jobs of workers that stopped beating, and rows that stand in the running status without a
    /// worker for as long as a worker may be silent: another program, or a hand, left them there.
    /// - Returns: the jobs taken back and the state each has now.
    package func takeBackLostJobs(limit: Int = 100) async throws -> [(id: UUID, state: JobState)] {
        try await database.transaction { transaction in
            let lost = try transaction.query(
                """
                SELECT job.id, job.retry_count, job.crash_count, job.snooze_count, w.host, w.pid
                FROM \(identifier: table.name) AS job LEFT JOIN workers w ON w.id = job.worker_id
                WHERE job.status = \(table.runningStatus)
                    AND (w.id IS NULL OR NOT \(sql: WorkerLease.isLive))
                    AND (job.worker_id IS NOT NULL OR coalesce(job.updated_at, '-infinity')
                        < now() - \(sql: WorkerLease.timeToLiveSQL))
                ORDER BY job.id
                LIMIT \(limit)
                FOR UPDATE OF job SKIP LOCKED
                """)
            var taken: [(id: UUID, state: JobState)] = []
            for row in lost {
                let state = try JobState(runningRow: row)
                let id: UUID = try row.decode("id")
                guard let transition = state.applying(.workerLost, policy: policy, jitter: 0) else { continue }
                let error = Self.lostWorkerError(
                    host: try row.decode("host"), pid: try row.decode("pid"), state: transition.state, policy: policy)
                if try update(id, to: transition, error: error, lease: nil, in: transaction) {
                    taken.append((id, transition.state))
                }
            }
            return taken
        }
    }

    private static func lostWorkerError(host: String?, pid: Int?, state: JobState, policy: RetryPolicy) -> String {
        let who =
            if let host, let pid {
                "the worker on \(host) (pid \(pid)) died or lost the database while it ran this job"
            } else {
                "the job stood in its running status without a live worker"
            }
        let count = "crash \(state.crashCount) of \(policy.maximumCrashes)"
        return state.phase == .failed ? "\(who); \(count), so it is not tried again" : "\(who); \(count)"
    }

    /// Gives back every job a worker incarnation still holds, counting nothing: it knows that it did not crash.
    package func releaseAll(of worker: UUID) async throws(PostgresError) -> Int {
        try await database.execute(
            """
            UPDATE \(identifier: table.name)
            SET status = 'PENDING', worker_id = NULL, lease_token = NULL, run_after = now()
            WHERE worker_id = \(worker) AND status = \(table.runningStatus)
            """)
    }

    /// Writes a transition into a row that is still in the running status.
    /// - Parameter lease: the token the row must still have; nil where the caller holds the row's lock instead, and takes
    ///   it only from a worker that is not live: the row may have been claimed anew just before it was locked.
    /// - Returns: false if the row is gone, was settled by somebody else or has another lease.
    private func update(
        _ id: UUID, to transition: JobTransition, error: String?, lease: UUID?, in transaction: borrowing Transaction
    ) throws(PostgresError) -> Bool {
        let state = transition.state
        let isFinished = state.phase == .completed || state.phase == .failed
        let touched = try transaction.execute(
            """
            UPDATE \(identifier: table.name)
            SET status = \(table.status(of: state.phase)), retry_count = \(state.retryCount),
                crash_count = \(state.crashCount), snooze_count = \(state.snoozeCount), error_log = \(error),
                run_after = now() + make_interval(secs => \(transition.delay.seconds)),
                worker_id = NULL, lease_token = NULL,
                finished_at = CASE WHEN \(isFinished) THEN now() END
            WHERE id = \(id) AND status = \(table.runningStatus)
                AND (lease_token = \(lease) OR \(lease)::uuid IS NULL AND NOT EXISTS (
                    SELECT 1 FROM workers w WHERE w.id = worker_id AND \(sql: WorkerLease.isLive)))
            """)
        return touched == 1
    }
}

extension JobOutcome {
    var event: JobEvent {
        switch self {
        case .done: .succeeded
        case .retry: .failedTransiently
        case .fail: .failedPermanently
        case .snooze: .snoozed
        case .released: .released
        }
    }

    /// What went wrong, where something did.
    var error: String? {
        switch self {
        case .done, .released: nil
        case .retry(let reason), .fail(let reason), .snooze(let reason): reason
        }
    }
}

extension Duration {
    /// Seconds with their fraction.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}

package import Foundation
package import Postgres

/// What came of an operator's order about one job.
package enum OrderAnswer: Sendable, Hashable {
    case done
    case notFound
    /// It cannot be had in the status the job has.
    case refused(status: String)
}

/// Control that outlives every process: each order is a write to the rows, and every host obeys.
extension JobQueue {
    /// Gives a FAILED job, or one that waits for its next try, a fresh set of tries at once.
    package func retry(_ id: UUID) async throws -> OrderAnswer {
        let answer = try await order(.retriedByOperator, id) { _, transaction throws(PostgresError) in
            try transaction.execute("UPDATE \(identifier: table.name) SET \(sql: Self.fresh) WHERE id = \(id)")
        }
        if answer == .done { try await ring() }
        return answer
    }

    /// Gives every job that is FAILED now a fresh set of tries, a thousand in a transaction; those that were cancelled
    /// stay so.
    /// - Returns: how many there were.
    package func retryAllFailed() async throws -> Int {
        let started: String = try await database.query("SELECT now()::text").single().decode(0)
        var total = 0
        while true {
            // What fails again meanwhile, or was retried, has changed since the start.
            let retried = try await database.execute(
                """
                UPDATE \(identifier: table.name) SET \(sql: Self.fresh)
                WHERE id IN (
                    SELECT id FROM \(identifier: table.name)
                    WHERE status = 'FAILED' AND error_log IS DISTINCT FROM \(Self.cancelled)
                        AND coalesce(finished_at, updated_at, 'epoch') < \(started)::timestamptz
                    LIMIT 1000 FOR UPDATE SKIP LOCKED)
                """)
            guard retried > 0 else { break }
            total += retried
        }
        if total > 0 { try await ring() }
        return total
    }

    /// Ends a job for good: FAILED, and said to be cancelled. A worker that runs it loses its lease now and stops its
    /// work within a beat; what it has stored by then stays unnamed.
    package func cancel(_ id: UUID) async throws -> OrderAnswer {
        try await order(.cancelledByOperator, id) { state, transaction throws(PostgresError) in
            try transaction.execute(
                """
                WITH cancelled AS (
                    SELECT job.*, w.host || ':' || w.pid AS worker
                    FROM \(identifier: table.name) AS job LEFT JOIN workers w ON w.id = job.worker_id
                    WHERE job.id = \(id)
                ), history AS (
                    INSERT INTO job_attempts (queue, job_id, attempt, worker_id, worker, started_at, outcome, error)
                    SELECT \(table.kind), id, attempt_count, worker_id, worker, started_at,
                        \(Verdict.Ending.cancelled.rawValue), \(Self.cancelled)
                    FROM cancelled WHERE status = \(table.runningStatus)
                )
                UPDATE \(identifier: table.name)
                SET status = \(table.status(of: state.phase)), error_log = \(Self.cancelled), worker_id = NULL,
                    lease_token = NULL, finished_at = now()
                WHERE id = \(id)
                """)
        }
    }

    private static let cancelled = "cancelled by an operator; `lathe jobs retry` takes it up again"

    /// Puts a job before or behind others, now or when it waits again.
    /// - Parameter priority: the smaller one runs first; 0 is what jobs have.
    package func setPriority(_ priority: Int16, of id: UUID) async throws -> OrderAnswer {
        try await database.transaction { transaction in
            guard let status = try lock(id, in: transaction) else { return .notFound }
            guard status == "PENDING" || status == table.runningStatus else { return .refused(status: status) }
            try transaction.execute(
                "UPDATE \(identifier: table.name) SET priority = \(Int(priority)), turn = NULL WHERE id = \(id)")
            return .done
        }
    }

    /// Stops every worker from claiming of this queue; what runs, runs on.
    /// - Returns: false if it was paused already.
    package func pause(by who: String) async throws(PostgresError) -> Bool {
        try await database.execute(
            "INSERT INTO paused_queues (queue, paused_by) VALUES (\(table.kind), \(who)) ON CONFLICT DO NOTHING") == 1
    }

    /// - Returns: false if it was not paused.
    package func resume() async throws(PostgresError) -> Bool {
        guard try await database.execute("DELETE FROM paused_queues WHERE queue = \(table.kind)") == 1 else {
            return false
        }
        try await ring()
        return true
    }

    /// Has the machine allow an order, and carries it out on the locked row.
    private func order(
        _ event: JobEvent, _ id: UUID,
        _ write: @Sendable (JobState, borrowing Transaction) throws(PostgresError) -> Void
    ) async throws -> OrderAnswer {
        try await database.transaction { transaction in
            guard let status = try lock(id, in: transaction) else { return .notFound }
            guard let phase = table.phase(of: status),
                let next = JobState(phase: phase).applying(event, policy: policy, jitter: 0)?.state
            else { return .refused(status: status) }
            try write(next, transaction)
            return .done
        }
    }

    /// - Returns: the status of the row, nil where there is none.
    private func lock(_ id: UUID, in transaction: borrowing Transaction) throws(PostgresError) -> String? {
        try transaction.query(
            "SELECT coalesce(status::text, '?') AS status FROM \(identifier: table.name) WHERE id = \(id) FOR UPDATE"
        ).first?.decode("status")
    }

    /// SET list of a job that starts over.
    private static let fresh: SQL = """
        status = 'PENDING', retry_count = 0, crash_count = 0, snooze_count = 0, release_count = 0, run_after = now(),
        turn = NULL, worker_id = NULL, lease_token = NULL, finished_at = NULL
        """
}

package import Foundation
import Postgres

extension JobQueue {
    /// SQL condition on a running row `job` and its worker's row `w`, which may be missing: nobody works on it. Its
    /// worker stopped beating; or it stands in the running status without a worker, for as long as a worker may be
    /// silent: another program, or a hand, left it there.
    static let isLost: SQL = """
        ((job.worker_id IS NOT NULL AND (w.id IS NULL OR NOT \(sql: WorkerLease.isLive)))
            OR ((job.worker_id IS NULL OR job.lease_token IS NULL)
                AND coalesce(job.updated_at, '-infinity') < now() - \(sql: WorkerLease.timeToLiveSQL)))
        """

    /// SQL expression: there are lost jobs. It costs next to nothing where there are none.
    var hasLostJobs: SQL {
        """
        EXISTS (
            SELECT 1 FROM \(identifier: table.name) AS job LEFT JOIN workers w ON w.id = job.worker_id
            WHERE job.status = '\(unsafeRaw: table.runningStatus)' AND \(sql: Self.isLost))
        """
    }

    /// Takes back the jobs that nobody works on.
    /// - Returns: the jobs taken back and the state each has now.
    package func takeBackLostJobs(limit: Int = 100) async throws -> [(id: UUID, state: JobState)] {
        try await database.transaction { transaction in
            let lost = try transaction.query(
                """
                SELECT job.*, w.host, w.pid
                FROM \(identifier: table.name) AS job LEFT JOIN workers w ON w.id = job.worker_id
                WHERE job.status = \(table.runningStatus) AND \(sql: Self.isLost)
                ORDER BY job.id
                LIMIT \(limit)
                FOR UPDATE OF job SKIP LOCKED
                """)
            var taken: [(id: UUID, state: JobState)] = []
            for row in lost {
                let state = try JobState(runningRow: row)
                guard let transition = state.applying(.workerLost, policy: policy, jitter: 0) else { continue }
                let verdict = Verdict(
                    id: try row.decode("id"), lease: try row.decode("lease_token"), transition: transition,
                    ending: .crashed,
                    error: Self.lostWorkerError(
                        host: try row.decode("host"), pid: try row.decode("pid"), state: transition.state,
                        policy: policy))
                // The row may have been claimed anew just before it was locked.
                let isNobodys: SQL = """
                    (job.lease_token IS NULL OR
                    NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = job.worker_id AND \(sql: WorkerLease.isLive)))
                    """
                if try settle([verdict], where: isNobodys, in: transaction) == 1 {
                    taken.append((verdict.id, transition.state))
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

    /// Gives back jobs that a live worker holds but does not run, counting nothing. Rows that another session has
    /// locked are left to the rescue.
    /// - Parameter leases: only these; nil for all that the incarnation holds, because it ends and knows that it did
    ///   not crash.
    package func release(of worker: UUID, leases: [UUID]? = nil) async throws -> Int {
        try await database.transaction { transaction in
            let held = try transaction.query(
                """
                SELECT * FROM \(identifier: table.name)
                WHERE worker_id = \(worker) AND status = \(table.runningStatus)
                    AND (\(leases)::uuid[] IS NULL OR lease_token = ANY (\(leases)::uuid[]))
                ORDER BY id
                FOR UPDATE SKIP LOCKED
                """)
            var verdicts: [Verdict] = []
            for row in held {
                guard
                    let transition = try JobState(runningRow: row).applying(.released, policy: policy, jitter: 0)
                else { continue }
                verdicts.append(
                    Verdict(
                        id: try row.decode("id"), lease: try row.decode("lease_token"), transition: transition,
                        ending: .released, error: nil))
            }
            return try settle(verdicts, in: transaction)
        }
    }
}

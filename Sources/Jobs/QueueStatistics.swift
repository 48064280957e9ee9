package import Foundation
package import Postgres

/// What an operator wants to know of a queue at a glance, and what makes queues slow in the long run.
package struct QueueStatistics: Sendable, Hashable, Codable {
    /// "upload", "processing".
    package let queue: String
    /// Jobs whose time has come.
    package let due: Int
    /// Jobs that wait for their next try.
    package let later: Int
    package let running: Int
    /// How long the first of the due jobs has waited, in seconds; 0 where none is due.
    package let longestWait: Double
    /// Live incarnations that run this queue.
    package let workers: Int
    package let pausedAt: Date?
    package let pausedBy: String?
    /// Dead rows of the table, as the statistics collector counts them.
    package let deadRows: Int
    package let lastVacuum: Date?
    /// How many transactions ago the oldest snapshot was taken that some session, prepared transaction or replication
    /// slot still holds: as long as it is, dead rows cannot be removed. Sessions of other roles count only with the
    /// rights of `pg_read_all_stats`.
    package let oldestSnapshotAge: Int
    /// How long the oldest open transaction has been open, in seconds.
    package let oldestTransaction: Double
}

extension JobQueue {
    package func statistics() async throws(PostgresError) -> QueueStatistics {
        let name: SQL = "\(identifier: table.name)"
        let row = try await database.query(
            """
            SELECT waiting.*, (SELECT count(*) FROM \(sql: name) WHERE status = \(table.runningStatus)) AS running,
                (SELECT count(*) FROM workers w WHERE \(table.name)::text = ANY (w.runs) AND \(sql: WorkerLease.isLive))
                    AS workers,
                paused.paused_at, paused.paused_by, coalesce(stat.n_dead_tup, 0) AS dead_rows,
                greatest(stat.last_vacuum, stat.last_autovacuum) AS last_vacuum,
                coalesce(greatest((SELECT max(age(backend_xmin)) FROM pg_stat_activity),
                    (SELECT max(greatest(age(xmin), age(catalog_xmin))) FROM pg_replication_slots),
                    (SELECT max(age(transaction)) FROM pg_prepared_xacts)), 0) AS snapshot_age,
                coalesce((SELECT extract(epoch FROM now() - min(xact_start))::float8 FROM pg_stat_activity
                    WHERE pid <> pg_backend_pid()), 0) AS transaction_age
            FROM (
                SELECT count(*) FILTER (WHERE run_after <= now()) AS due,
                    count(*) FILTER (WHERE run_after > now()) AS later,
                    coalesce(extract(epoch FROM now() - min(run_after)
                        FILTER (WHERE run_after <= now() AND isfinite(run_after)))::float8, 0)
                        AS longest_wait
                FROM \(sql: name) WHERE status = 'PENDING'
            ) AS waiting
            LEFT JOIN paused_queues paused ON paused.queue = \(table.kind)
            LEFT JOIN pg_stat_user_tables stat ON stat.relid = to_regclass(\(table.name))
            """
        ).single()
        return QueueStatistics(
            queue: table.kind, due: try row.decode("due"), later: try row.decode("later"),
            running: try row.decode("running"), longestWait: try row.decode("longest_wait"),
            workers: try row.decode("workers"), pausedAt: try row.decode("paused_at"),
            pausedBy: try row.decode("paused_by"), deadRows: try row.decode("dead_rows"),
            lastVacuum: try row.decode("last_vacuum"), oldestSnapshotAge: try row.decode("snapshot_age"),
            oldestTransaction: try row.decode("transaction_age"))
    }
}

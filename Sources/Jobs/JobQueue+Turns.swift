package import Postgres

extension JobQueue {
    /// Gives every waiting job its turn: the k-th job of each owner stands in the k-th round from now, and rounds run one
    /// after the other. So one owner's five thousand jobs do not stand in front of another's single one.
    ///
    /// A job without a turn comes after those that have one, so nothing depends on who calls this, or how often; workers
    /// do while more jobs wait than they can take. Source: round robin over flows, as fair queueing describes it
    /// (J. Nagle, "On Packet Switches With Infinite Storage", RFC 970, 1985).
    /// - Returns: how many jobs were given a turn.
    package func giveTurns(limit: Int = 10_000) async throws(PostgresError) -> Int {
        let name: SQL = "\(identifier: table.name)"
        // Jobs whose owner is not known take turns as if they had one.
        let nobody: SQL = "'00000000-0000-0000-0000-000000000000'::uuid"
        return try await database.execute(
            """
            WITH fresh AS MATERIALIZED (
                SELECT job.id, job.priority, job.run_after, coalesce(\(sql: table.owner), \(sql: nobody)) AS owner_id
                FROM \(sql: name) AS job
                WHERE job.status = 'PENDING' AND job.turn IS NULL
                ORDER BY job.priority, job.run_after, job.id
                LIMIT \(limit)
                FOR UPDATE OF job SKIP LOCKED
            ), waiting AS MATERIALIZED (
                SELECT owner_id, max(turn) AS last, min(turn) AS next FROM \(sql: name)
                WHERE status = 'PENDING' AND turn IS NOT NULL
                GROUP BY owner_id
            ), placed AS (
                SELECT fresh.id, fresh.owner_id,
                    greatest(coalesce(waiting.last, 0), (SELECT coalesce(min(next), 1) FROM waiting) - 1)
                    + row_number() OVER (
                        PARTITION BY fresh.owner_id ORDER BY fresh.priority, fresh.run_after, fresh.id) AS turn
                FROM fresh LEFT JOIN waiting USING (owner_id)
            )
            UPDATE \(sql: name) AS job SET turn = placed.turn, owner_id = placed.owner_id
            FROM placed
            WHERE job.id = placed.id
            """)
    }
}

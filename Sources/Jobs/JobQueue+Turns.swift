package import Postgres

extension JobQueue {
    /// Gives every waiting job its turn: the k-th job of each owner stands in the k-th round from now, and rounds run
    /// one after the other. So one owner's five thousand jobs do not stand in front of another's single one.
    ///
    /// A job without a turn comes after those that have one, so nothing depends on who calls this, or how often;
    /// workers do while more jobs wait than they can take. Source: round robin over flows, as fair queueing describes
    /// it (J. Nagle, "On Packet Switches With Infinite Storage", RFC 970, 1985).
    /// - Returns: how many jobs were given a turn.
    package func giveTurns() async throws(PostgresError) -> Int {
        var total = 0
        // In small steps, because a claim passes over the rows that a step has locked.
        for _ in 0..<20 {
            let given = try await giveTurns(limit: Self.turnsAtOnce)
            total += given
            guard given == Self.turnsAtOnce else { break }
        }
        return total
    }

    private static let turnsAtOnce = 500

    private func giveTurns(limit: Int) async throws(PostgresError) -> Int {
        let name: SQL = "\(identifier: table.name)"
        // Jobs whose owner is not known take turns as if they had one.
        let nobody: SQL = "'00000000-0000-0000-0000-000000000000'::uuid"
        return try await database.execute(
            """
            WITH fresh AS MATERIALIZED (
                SELECT job.id, job.priority, job.run_after, coalesce(\(sql: table.owner), \(sql: nobody)) AS owner_id
                FROM \(sql: name) AS job
                WHERE job.status = 'PENDING' AND job.turn IS NULL AND job.run_after <= now() AND \(sql: table.isKnown)
                    -- One host at a time: two would give the same rounds twice.
                    AND pg_try_advisory_xact_lock(hashtext('lathe turns'), hashtext(\(table.name)))
                ORDER BY job.priority, job.run_after, job.id
                LIMIT \(limit)
                FOR UPDATE OF job SKIP LOCKED
            ), waiting AS MATERIALIZED (
                SELECT job.priority, job.owner_id, max(job.turn) AS last, min(job.turn) AS next
                FROM \(sql: name) AS job
                WHERE job.status = 'PENDING' AND job.turn IS NOT NULL AND job.run_after <= now()
                    AND \(sql: table.isKnown) AND EXISTS (SELECT 1 FROM fresh)
                GROUP BY job.priority, job.owner_id
            ), present AS (
                SELECT priority, min(next) AS round FROM waiting GROUP BY priority
            ), placed AS (
                SELECT fresh.id, fresh.owner_id,
                    greatest(coalesce(waiting.last, 0), coalesce(present.round, 1) - 1)
                    + row_number() OVER (
                        PARTITION BY fresh.priority, fresh.owner_id ORDER BY fresh.run_after, fresh.id) AS turn
                FROM fresh LEFT JOIN waiting USING (priority, owner_id) LEFT JOIN present USING (priority)
            )
            UPDATE \(sql: name) AS job SET turn = placed.turn, owner_id = placed.owner_id
            FROM placed
            WHERE job.id = placed.id
            """)
    }
}

package import Foundation
package import Postgres
import Synchronization

extension JobQueue {
    /// What came of one exchange with the queue.
    struct Exchange: Sendable {
        var claimed: [ClaimedJob] = []
        /// Leases whose verdict could not be written yet, because another session has the row locked.
        var locked: Set<UUID> = []
        /// Leases that were not ours any more.
        var lost: Set<UUID> = []
        /// Leases whose verdict the database does not take.
        var refused: Set<UUID> = []
        /// How long until the next job is due; nil where none waits within an hour, where there may be more to claim at
        /// once, or where it was not asked.
        var nextDue: Duration?
        /// ``nextDue`` was asked for.
        var isDueKnown = false
    }

    /// Jobs of one exchange at most, either way.
    package static let maximumBatch = 128

    /// Takes up to `limit` jobs whose time has come: by priority, then by turn, oldest first, each with a lease token
    /// of its own. A worker whose own row has stopped beating claims nothing, nor does anyone of a paused queue.
    package func claim(limit: Int, worker: UUID) async throws(PostgresError) -> [ClaimedJob] {
        try await exchange([], claiming: Self.roundedLimit(limit), for: worker).claimed
    }

    /// Writes verdicts and claims new jobs in one statement, so in one round trip and one commit.
    /// - Parameters:
    ///   - limit: from 0, as ``roundedLimit(_:of:)`` made it.
    ///   - asksDue: whether ``Exchange/nextDue`` is wanted, which is found by looking at all jobs that wait.
    ///   - connection: nil for one of the queue's own.
    func exchange(
        _ verdicts: [Verdict], claiming limit: Int, for worker: UUID, asksDue: Bool = true,
        over connection: PostgresConnection? = nil
    ) async throws(PostgresError) -> Exchange {
        guard !verdicts.isEmpty || limit > 0 else { return Exchange() }
        let statement =
            verdicts.isEmpty
            ? claims.statement(limit, worker, asksDue) { self.statement([], limit, worker, asksDue).prepared }
            : self.statement(verdicts, limit, worker, asksDue).prepared
        let rows =
            if let connection, connection.isAlive {
                try await connection.query(statement)
            } else {
                try await database.query(statement)
            }
        var exchange = try Exchange(rows, hasTail: !verdicts.isEmpty || asksDue, verdicts: verdicts)
        exchange.isDueKnown = asksDue && limit > 0
        return exchange
    }

    /// The limit stands in the statement's text, where the planner sees it, and few limits make few texts to prepare: a
    /// whole batch, all numbers up to 8, and four an octave.
    static func roundedLimit(_ limit: Int, of batch: Int = maximumBatch) -> Int {
        guard limit > 8 else { return max(0, limit) }
        guard limit < batch else { return batch }
        let step = (1 << (Int.bitWidth - 1 - limit.leadingZeroBitCount)) / 4
        return limit / step * step
    }

    /// The claim's CTE is MATERIALIZED because a LIMIT in a subquery of an UPDATE may run more than once and claim more
    /// than it says. The last row of the answer is no job, unless nothing but jobs was asked for: it tells of the
    /// verdicts, and of the next job to come.
    private func statement(_ verdicts: [Verdict], _ limit: Int, _ worker: UUID, _ asksDue: Bool) -> SQL {
        let name: SQL = "\(identifier: table.name)"
        var expressions: [SQL] = []
        var settled: SQL = "0::bigint AS settled, NULL::uuid[] AS settled_leases, NULL::uuid[] AS locked_leases"
        if !verdicts.isEmpty {
            expressions.append(table.settling(verdicts, skipsLocked: true))
            settled = """
                (SELECT count(*) FROM mine) AS settled,
                CASE WHEN (SELECT count(*) FROM mine) < \(verdicts.count) THEN
                    (SELECT array_agg(mine.lease) FROM mine) END AS settled_leases,
                CASE WHEN (SELECT count(*) FROM mine) < \(verdicts.count) THEN
                    (SELECT array_agg(v.lease) FROM verdict v JOIN \(sql: name) job ON job.id = v.id
                    WHERE job.lease_token = v.lease AND job.status = '\(unsafeRaw: table.runningStatus)') END AS locked_leases
                """
        }
        guard limit > 0 else {
            return "WITH \(sql: expressions.joined(separator: ", ")) SELECT \(sql: settled), NULL::float8 AS next_due"
        }
        expressions.append(next(limit, for: worker))
        guard !verdicts.isEmpty || asksDue else {
            return "WITH \(sql: expressions.joined(separator: ", ")) \(sql: claimed(by: worker))"
        }
        expressions.append("claimed AS (\(sql: claimed(by: worker)))")
        return """
            WITH \(sql: expressions.joined(separator: ", "))
            SELECT claimed.*, NULL::bigint AS settled, NULL::uuid[] AS settled_leases, NULL::uuid[] AS locked_leases,
                NULL::float8 AS next_due
            FROM claimed
            UNION ALL
            SELECT \(sql: table.claimedColumns.map { _ in "NULL" }.joined(separator: ", ")), \(sql: settled),
                \(sql: asksDue ? nextDue(below: limit) : "NULL::float8") AS next_due
            """
    }

    /// Seconds until there is something to claim, for a claim that came back short. Jobs that are due and were not
    /// taken are locked by somebody for a moment, unless the queue is paused. Only the next hour counts: a job that is
    /// parked until "infinity" must not stop the others.
    private func nextDue(below limit: Int) -> SQL {
        """
        CASE WHEN (SELECT count(*) FROM claimed) < \(unsafeRaw: "\(limit)") THEN
        (SELECT CASE WHEN count(*) FILTER (WHERE job.run_after <= now()) > 0 THEN 0.1::float8
            ELSE extract(epoch FROM min(job.run_after) - now())::float8 END
        FROM \(identifier: table.name) AS job
        WHERE job.status = 'PENDING' AND job.run_after < now() + interval '1 hour' AND \(sql: table.isKnown)
            AND job.id NOT IN (SELECT id FROM next)
            AND \(sql: isOpen)) END
        """
    }

    /// SQL condition: nobody has paused the queue.
    private var isOpen: SQL {
        "NOT EXISTS (SELECT 1 FROM paused_queues WHERE queue = '\(unsafeRaw: table.kind)')"
    }

    private func next(_ limit: Int, for worker: UUID) -> SQL {
        """
        next AS MATERIALIZED (
            SELECT job.id FROM \(identifier: table.name) AS job
            WHERE job.status = 'PENDING' AND job.run_after <= now() AND \(sql: table.isKnown)
                AND EXISTS (SELECT 1 FROM workers w WHERE w.id = \(worker) AND \(sql: WorkerLease.isLive))
                AND \(sql: isOpen)
            ORDER BY job.priority, job.turn, job.run_after, job.id
            LIMIT \(unsafeRaw: "\(limit)")
            FOR UPDATE OF job SKIP LOCKED
        )
        """
    }

    private func claimed(by worker: UUID) -> SQL {
        """
        UPDATE \(identifier: table.name) AS job
        SET status = '\(unsafeRaw: table.runningStatus)', worker_id = \(worker), lease_token = gen_random_uuid(),
            attempt_count = attempt_count + 1, started_at = now(), finished_at = NULL
        FROM next
        WHERE job.id = next.id
        RETURNING \(sql: table.claimedColumns.map { "job.\(identifier: $0)" }.joined(separator: ", "))
        """
    }
}

extension JobQueue.Exchange {
    fileprivate init(_ rows: PostgresRows, hasTail: Bool, verdicts: [Verdict]) throws(PostgresError) {
        claimed.reserveCapacity(rows.count)
        for row in rows.dropLast(hasTail ? 1 : 0) {
            claimed.append(try ClaimedJob(row: row))
        }
        guard hasTail else { return }
        guard let tail = rows.last else { throw PostgresError(.decoding, "the exchange returned no row") }
        nextDue = try tail.decode("next_due", as: Double?.self).map { .seconds($0) }
        guard try tail.decode("settled", as: Int.self) < verdicts.count else { return }
        let settled = Set(try tail.decode("settled_leases", as: [UUID]?.self) ?? [])
        let running = Set(try tail.decode("locked_leases", as: [UUID]?.self) ?? [])
        for case let lease? in verdicts.map(\.lease) where !settled.contains(lease) {
            if running.contains(lease) { locked.insert(lease) } else { lost.insert(lease) }
        }
    }
}

/// Claims that write no verdicts. To make such a statement takes as long as to send it, and a ring waits for it.
final class ClaimStatements: Sendable {
    private struct Key: Hashable {
        let limit: Int
        let worker: UUID
        let asksDue: Bool
    }

    private let known = Mutex<[Key: SQL]>([:])

    func statement(_ limit: Int, _ worker: UUID, _ asksDue: Bool, make: () -> SQL) -> SQL {
        let key = Key(limit: limit, worker: worker, asksDue: asksDue)
        return known.withLock { known in
            if let statement = known[key] { return statement }
            // There is one worker at a time, and there are few limits.
            if known.keys.contains(where: { $0.worker != worker }) { known = [:] }
            let statement = make()
            known[key] = statement
            return statement
        }
    }
}

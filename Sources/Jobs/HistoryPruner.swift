package import Logging
import Postgres

/// How long finished work is remembered.
package struct Retention: Sendable, Hashable {
    /// Of attempts; nil keeps them for good.
    package var attempts: Duration? = .seconds(30 * 86_400)
    /// Of COMPLETED jobs, by the kind of their queue; a queue that is not named keeps them for good.
    package var completed: [String: Duration] = [:]

    package init() {}
}

/// Deletes the history that is older than its retention, a thousand rows at a time. Any process may run it.
package struct HistoryPruner: Sendable {
    static let interval: Duration = .seconds(3600)
    private static let batch = 1000

    let queues: [JobQueue]
    let retention: Retention
    let logger: Logger

    package init(queues: [JobQueue], retention: Retention, logger: Logger) {
        self.queues = queues
        self.retention = retention
        self.logger = logger
    }

    func run() async throws(CancellationError) {
        while true {
            do {
                // Hosts that were started together take turns.
                try await Task.sleep(for: Self.interval * Double.random(in: 0.5...1.5))
            } catch { throw CancellationError() }
            await prune()
        }
    }

    /// Deletes all that is too old.
    package func prune() async {
        do {
            var attempts = 0
            if let kept = retention.attempts, let database = queues.first?.database {
                attempts = try await repeating { try await Self.pruneAttempts(olderThan: kept, in: database) }
            }
            var jobs = 0
            for queue in queues {
                guard let kept = retention.completed[queue.table.kind] else { continue }
                jobs += try await repeating { try await queue.pruneCompleted(olderThan: kept, limit: Self.batch) }
            }
            if attempts + jobs > 0 { logger.info("pruned \(attempts) attempts and \(jobs) completed jobs") }
        } catch {
            if !Task.isCancelled { logger.warning("old jobs could not be pruned: \(error)") }
        }
    }

    private func repeating(_ delete: () async throws -> Int) async throws -> Int {
        var total = 0
        while true {
            let deleted = try await delete()
            total += deleted
            guard deleted == Self.batch, !Task.isCancelled else { return total }
        }
    }

    /// Attempts end in the order of their ids, near enough: only the oldest need to be looked at.
    private static func pruneAttempts(
        olderThan kept: Duration, in database: Database
    ) async throws(PostgresError) -> Int {
        try await database.execute(
            """
            DELETE FROM job_attempts WHERE id IN (
                SELECT id FROM (SELECT id, ended_at FROM job_attempts ORDER BY id LIMIT \(batch)) AS oldest
                WHERE ended_at < now() - make_interval(secs => \(kept.seconds)))
            """)
    }
}

extension JobQueue {
    fileprivate func pruneCompleted(olderThan kept: Duration, limit: Int) async throws(PostgresError) -> Int {
        try await database.execute(
            """
            DELETE FROM \(identifier: table.name) WHERE id IN (
                SELECT job.id FROM \(identifier: table.name) AS job
                WHERE job.status = 'COMPLETED'
                    AND coalesce(job.finished_at, job.updated_at) < now() - make_interval(secs => \(kept.seconds))
                    -- It is what tells an older job of the same target, retried late, that it was superseded.
                    AND NOT EXISTS (
                        SELECT 1 FROM \(identifier: table.name) AS other
                        WHERE other.\(identifier: table.targetColumn) = job.\(identifier: table.targetColumn)
                            AND other.status <> 'COMPLETED')
                LIMIT \(limit) FOR UPDATE SKIP LOCKED)
            """)
    }
}

package import Foundation
package import Postgres

/// A job as an operator sees it.
package struct JobRecord: Sendable, Hashable, Codable {
    package let id: UUID
    /// The table's kind: "upload", "processing".
    package let kind: String
    /// As in the table: PENDING, UPLOADING or PROCESSING, COMPLETED, FAILED.
    package let status: String
    package let retryCount: Int
    package let crashCount: Int
    package let attemptCount: Int
    package let error: String?
    /// When a PENDING job may be claimed.
    package let runAfter: Date
    package let createdAt: Date
    package let updatedAt: Date
    /// Host and pid of the worker that runs it.
    package let worker: String?
    /// The row the result is written to: a track or a release.
    package let target: UUID
    /// What it works on: a path or a URL.
    package let source: String
}

/// What came of an operator's retry.
package enum RetryAnswer: Sendable, Hashable {
    case retried
    case notFound
    /// Running or completed: there is nothing to retry.
    case refused(status: String)
}

extension JobQueue {
    /// Jobs by last change, newest first.
    /// - Parameter status: only these, as the table calls them; nil for all.
    package func list(status: String? = nil, limit: Int = 50) async throws(PostgresError) -> [JobRecord] {
        let rows = try await database.query(
            """
            \(sql: selection)
            WHERE \(status)::text IS NULL OR job.status::text = \(status)
            ORDER BY changed DESC, job.id LIMIT \(limit)
            """)
        var records: [JobRecord] = []
        for row in rows {
            records.append(try record(row))
        }
        return records
    }

    package func find(_ id: UUID) async throws(PostgresError) -> JobRecord? {
        guard let row = try await database.query("\(sql: selection) WHERE job.id = \(id)").first else { return nil }
        return try record(row)
    }

    /// Gives a FAILED job, or one that waits for its next try, a fresh set of tries at once.
    package func retry(_ id: UUID) async throws -> RetryAnswer {
        try await database.transaction { transaction in
            let found = try transaction.query(
                "SELECT coalesce(status::text, '?') AS status FROM \(identifier: table.name) WHERE id = \(id) FOR UPDATE"
            )
            guard let status: String = try found.first?.decode("status") else { return .notFound }
            guard let phase = table.phase(of: status),
                let next = JobState(phase: phase).applying(.retriedByOperator, policy: policy, jitter: 0)?.state
            else { return .refused(status: status) }
            try transaction.execute(
                """
                UPDATE \(identifier: table.name)
                SET status = \(table.status(of: next.phase)), retry_count = \(next.retryCount),
                    crash_count = \(next.crashCount), snooze_count = \(next.snoozeCount), run_after = now(),
                    worker_id = NULL, lease_token = NULL, finished_at = NULL
                WHERE id = \(id)
                """)
            return .retried
        }
    }

    private var selection: SQL {
        """
        SELECT job.*, coalesce(job.status::text, '?') AS status_text, w.host, w.pid,
            coalesce(job.created_at, job.run_after) AS created, coalesce(job.updated_at, job.run_after) AS changed
        FROM \(identifier: table.name) AS job LEFT JOIN workers w ON w.id = job.worker_id
        """
    }

    private func record(_ row: PostgresRow) throws(PostgresError) -> JobRecord {
        let host: String? = try row.decode("host")
        let pid: Int? = try row.decode("pid")
        return JobRecord(
            id: try row.decode("id"), kind: table.kind, status: try row.decode("status_text"),
            retryCount: try row.decode("retry_count", as: Int?.self) ?? 0, crashCount: try row.decode("crash_count"),
            attemptCount: try row.decode("attempt_count"), error: try row.decode("error_log"),
            runAfter: try row.decode("run_after"), createdAt: try row.decode("created"),
            updatedAt: try row.decode("changed"), worker: host.map { "\($0):\(pid.map(String.init) ?? "?")" },
            target: try row.decode(table.targetColumn), source: try row.decode(table.sourceColumn))
    }
}

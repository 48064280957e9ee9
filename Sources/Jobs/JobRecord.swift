package import Foundation
package import Postgres

/// A job as an operator sees it.
package struct JobRecord: Sendable, Hashable, Codable {
    package let id: UUID
    /// The table's kind: "upload", "processing".
    package let kind: String
    /// As in the table: PENDING, UPLOADING or PROCESSING, COMPLETED, FAILED.
    package let status: String
    /// The smaller one runs first.
    package let priority: Int
    /// Failed tries that were given another one.
    package let retryCount: Int
    /// Workers that died under it.
    package let crashCount: Int
    /// Times in a row it was put off because of an outage.
    package let snoozeCount: Int
    /// Times a worker that was shutting down gave it back.
    package let releaseCount: Int
    /// Claims so far, whatever came of them.
    package let attemptCount: Int
    package let error: String?
    /// When a PENDING job may be claimed; nil where a hand parked it for ever.
    package let runAfter: Date?
    package let createdAt: Date
    package let updatedAt: Date
    /// Host and pid of the worker that runs it.
    package let worker: String?
    /// The row the result is written to: a track or a release.
    package let target: UUID
    /// What it works on: a path or a URL.
    package let source: String
}

/// One attempt at a job, from its history.
package struct JobAttempt: Sendable, Hashable, Codable {
    /// From 1, as `attempt_count` counted.
    package let attempt: Int
    /// completed, retried, failed, snoozed, released, crashed or cancelled.
    package let outcome: String
    package let startedAt: Date?
    package let endedAt: Date
    /// Host and pid.
    package let worker: String?
    package let error: String?
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

    /// Every attempt that has ended and is still kept, the first one first.
    package func history(of id: UUID) async throws(PostgresError) -> [JobAttempt] {
        let rows = try await database.query(
            "SELECT * FROM job_attempts WHERE job_id = \(id) AND queue = \(table.kind) ORDER BY id")
        var attempts: [JobAttempt] = []
        for row in rows {
            attempts.append(
                JobAttempt(
                    attempt: try row.decode("attempt"), outcome: try row.decode("outcome"),
                    startedAt: try row.decode("started_at"), endedAt: try row.decode("ended_at"),
                    worker: try row.decode("worker"), error: try row.decode("error")))
        }
        return attempts
    }

    private var selection: SQL {
        """
        SELECT job.*, coalesce(job.status::text, '?') AS status_text, w.host, w.pid,
            CASE WHEN isfinite(job.run_after) THEN job.run_after END AS next_try,
            coalesce(job.created_at, 'epoch') AS created, coalesce(job.updated_at, 'epoch') AS changed
        FROM \(identifier: table.name) AS job LEFT JOIN workers w ON w.id = job.worker_id
        """
    }

    private func record(_ row: PostgresRow) throws(PostgresError) -> JobRecord {
        let host: String? = try row.decode("host")
        let pid: Int? = try row.decode("pid")
        return JobRecord(
            id: try row.decode("id"), kind: table.kind, status: try row.decode("status_text"),
            priority: try row.decode("priority"), retryCount: try row.decode("retry_count", as: Int?.self) ?? 0,
            crashCount: try row.decode("crash_count"), snoozeCount: try row.decode("snooze_count"),
            releaseCount: try row.decode("release_count"), attemptCount: try row.decode("attempt_count"),
            error: try row.decode("error_log"), runAfter: try row.decode("next_try"),
            createdAt: try row.decode("created"), updatedAt: try row.decode("changed"),
            worker: host.map { "\($0):\(pid.map(String.init) ?? "?")" },
            target: try row.decode(table.targetColumn), source: try row.decode(table.sourceColumn))
    }
}

package import Postgres

/// A table of jobs: its name and what it calls a running job. Every job table has the scheduling columns that
/// `migrations/` gives it: status, retry_count, error_log, run_after, priority, turn, owner_id, worker_id, lease_token,
/// attempt_count, crash_count, snooze_count, release_count, started_at, finished_at.
package struct JobTable: Sendable {
    /// SQL name.
    package let name: String
    /// SQL name of the type of `status`.
    package let statusType: String
    /// The status a claimed job has: UPLOADING or PROCESSING.
    package let runningStatus: String
    /// What operators call the queue and its jobs: "upload", "processing".
    package let kind: String

    /// Column with the id of the row the result is written to.
    package let targetColumn: String
    /// Column with what the job works on, for people.
    package let sourceColumn: String
    /// Further columns that the handler of a job reads.
    package let handlerColumns: [String]

    /// SQL condition on a row `job`: this program knows how to run it. Others are left to workers that do.
    package let isKnown: SQL
    /// SQL expression on a row `job`: the id of whom it belongs to. Where many jobs wait, owners take turns.
    package let owner: SQL

    package init(
        name: String, statusType: String, runningStatus: String, kind: String, targetColumn: String,
        sourceColumn: String, handlerColumns: [String] = [], isKnown: SQL = "true", owner: SQL = "NULL::uuid"
    ) {
        self.name = name
        self.statusType = statusType
        self.runningStatus = runningStatus
        self.kind = kind
        self.targetColumn = targetColumn
        self.sourceColumn = sourceColumn
        self.handlerColumns = handlerColumns
        self.isKnown = isKnown
        self.owner = owner
    }

    /// The phase a status of this table stands for; nil for a status that is none of the four.
    package func phase(of status: String) -> JobState.Phase? {
        status == runningStatus ? .running : status == "RUNNING" ? nil : JobState.Phase(rawValue: status)
    }

    /// The status this table writes for a phase.
    package func status(of phase: JobState.Phase) -> String {
        phase == .running ? runningStatus : phase.rawValue
    }

    /// What a claim answers with, a row a job. No handler needs the others, and they take time to send and to read.
    var claimedColumns: [String] {
        [
            "id", "lease_token", "attempt_count", "retry_count", "crash_count", "snooze_count", "release_count",
            targetColumn, sourceColumn,
        ] + handlerColumns
    }

    /// Channel on which the doorbell of this queue is rung.
    package var channel: String { "lathe_\(kind)" }

    /// Sequence with the Unix second until which the doorbell of this queue is to be rung.
    var bell: String { "lathe_\(kind)_armed_until" }

    /// SQL condition: a worker sleeps by the doorbell. The migrations' triggers say the same by AND; here is a CASE,
    /// because the planner of a query may turn an AND round.
    var isArmed: SQL {
        """
        CASE WHEN has_sequence_privilege('\(unsafeRaw: bell)'::regclass, 'SELECT') THEN
            to_timestamp(pg_sequence_last_value('\(unsafeRaw: bell)'::regclass)) > clock_timestamp() END
        """
    }

    /// SQL statement that rings the doorbell, if a worker sleeps by it. It ends in a condition, which may be continued.
    package var ringing: SQL { "SELECT pg_notify(\(channel), '') WHERE \(sql: isArmed)" }

    /// SQL expression that arms the doorbell for ``Doorbell/armedTime``, at once and for all to see.
    var arming: SQL {
        """
        setval('\(unsafeRaw: bell)'::regclass,
            ceil(date_part('epoch', clock_timestamp()) + \(unsafeRaw: "\(Doorbell.armedTime.seconds)"))::bigint)
        """
    }
}

/// A table of jobs: its name and what it calls a running job. Every job table has the scheduling columns that
/// `migrations/` gives it: status, retry_count, error_log, run_after, worker_id, lease_token, attempt_count,
/// crash_count, snooze_count, started_at, finished_at.
package struct JobTable: Sendable, Hashable {
    /// SQL name.
    package let name: String
    /// The status a claimed job has: UPLOADING or PROCESSING.
    package let runningStatus: String
    /// What operators call these jobs: "upload", "processing".
    package let kind: String

    /// Column with the id of the row the result is written to.
    package let targetColumn: String
    /// Column with what the job works on, for people.
    package let sourceColumn: String

    package init(name: String, runningStatus: String, kind: String, targetColumn: String, sourceColumn: String) {
        self.name = name
        self.runningStatus = runningStatus
        self.kind = kind
        self.targetColumn = targetColumn
        self.sourceColumn = sourceColumn
    }

    /// The phase a status of this table stands for; nil for a status that is none of the four.
    package func phase(of status: String) -> JobState.Phase? {
        status == runningStatus ? .running : status == "RUNNING" ? nil : JobState.Phase(rawValue: status)
    }

    /// The status this table writes for a phase.
    package func status(of phase: JobState.Phase) -> String {
        phase == .running ? runningStatus : phase.rawValue
    }
}

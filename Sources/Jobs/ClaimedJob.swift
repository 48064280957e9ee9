package import Foundation
package import Postgres

/// A job this process holds the lease of.
package struct ClaimedJob: Sendable {
    package let id: UUID
    /// Proof of the claim: every later write names it.
    package let lease: UUID
    /// State as claimed: running, with the counters of the row.
    package let state: JobState
    /// Claims so far, this one included.
    package let attempt: Int
    /// The row's ``JobTable/claimedColumns``, for what the handler needs of it.
    package let row: PostgresRow

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.decode("id")
        lease = try row.decode("lease_token")
        attempt = try row.decode("attempt_count")
        state = try JobState(runningRow: row)
        self.row = row
    }
}

extension JobState {
    /// The counters of a row in the running status. The application's retry_count may be NULL.
    init(runningRow row: PostgresRow) throws(PostgresError) {
        self.init(
            phase: .running, retryCount: try row.decode("retry_count", as: Int?.self) ?? 0,
            crashCount: try row.decode("crash_count"), snoozeCount: try row.decode("snooze_count"),
            releaseCount: try row.decode("release_count"))
    }
}

extension UUID {
    /// As Postgres prints it.
    package var lowercased: String { uuidString.lowercased() }
}

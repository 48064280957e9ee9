package import Postgres

/// What a handler says of the job it ran.
package enum JobOutcome: Sendable {
    /// Done. The closure writes the result in the transaction that completes the job, and only if the lease still
    /// holds; it returns a sentence for the log, and may throw `JobRejection` to fail the job for good instead.
    case done(store: @Sendable (borrowing Transaction) throws -> String)
    /// Done, with nothing to write but that; with a sentence for the log. Settled together with others.
    case finished(String)
    /// Failed, and another try may succeed.
    case retry(String)
    /// Failed, and no try can succeed.
    case fail(String)
    /// The outside world is down or throttling; no retry is burnt.
    case snooze(String)
    /// Given back untouched because the worker is shutting down or lost its lease.
    case released
}

/// Thrown while a result is stored, when the row it belongs to is gone: the job fails for good with this reason.
package struct JobRejection: Error, CustomStringConvertible {
    package let reason: String

    package init(_ reason: String) {
        self.reason = reason
    }

    package var description: String { reason }
}

/// An open transaction, lent to the body that runs in it; it cannot be kept.
///
/// Its methods wait on the connection's own thread. A cancelled task stops the statement that runs and every one
/// after it.
package struct Transaction: ~Copyable {
    private let session: Session
    private let cancellation: Cancellation

    init(_ session: Session, _ cancellation: Cancellation) {
        self.session = session
        self.cancellation = cancellation
    }

    /// Runs one statement and returns its rows.
    package borrowing func query(_ sql: SQL) throws(PostgresError) -> PostgresRows {
        do {
            return try session.run(sql, cancellation)
        } catch {
            // The transaction as a whole was already begun.
            var error = error
            error.isBeforeSending = false
            throw error
        }
    }

    /// Runs one statement and returns how many rows it touched.
    @discardableResult
    package borrowing func execute(_ sql: SQL) throws(PostgresError) -> Int { try query(sql).affected }

    /// From here on a statement that waits longer than `limit` for a lock fails with `lockNotAvailable`.
    /// - Parameter limit: in whole milliseconds.
    package borrowing func limitLockWait(to limit: Duration) throws(PostgresError) {
        let milliseconds = "\(Int64(limit / .milliseconds(1)))"
        try execute("SELECT set_config('lock_timeout', \(milliseconds), true)")
    }

    /// Runs several statements that have no binds.
    package borrowing func runScript(_ script: String) throws(PostgresError) {
        try session.run(script: script, cancellation)
    }

    /// Runs `body` so that, when it throws, only what it did is undone and the transaction can go on.
    @discardableResult
    package borrowing func savepoint<R>(_ body: (borrowing Transaction) throws -> R) throws -> R {
        try session.savepoint(self, body)
    }
}

import CPostgres
import Logging

extension Session {
    /// Runs `body` between BEGIN and COMMIT; rolls back when it throws.
    func transaction<R>(
        _ cancellation: Cancellation, _ body: (borrowing Transaction) throws -> R
    ) throws -> R {
        try begin(cancellation)
        let value: R
        do {
            value = try body(Transaction(self, cancellation))
            if cancellation.isRequested { throw PostgresError.cancelled }
        } catch {
            rollBack()
            throw error
        }
        try commit()
        return value
    }

    /// Runs `body` so that its failure undoes only itself. One name serves all depths: the newest savepoint wins.
    func savepoint<R>(
        _ transaction: borrowing Transaction, _ body: (borrowing Transaction) throws -> R
    ) throws -> R {
        _ = try run("SAVEPOINT lathe", nil)
        do {
            let value = try body(transaction)
            _ = try run("RELEASE SAVEPOINT lathe", nil)
            return value
        } catch {
            if status.isAlive { _ = try run("ROLLBACK TO SAVEPOINT lathe", nil) }
            if status.isAlive { _ = try run("RELEASE SAVEPOINT lathe", nil) }
            throw error
        }
    }

    private func begin(_ cancellation: Cancellation) throws(PostgresError) {
        do {
            _ = try run("BEGIN", cancellation)
        } catch {
            // A transaction that never got past BEGIN has done nothing.
            var error = error
            error.isBeforeSending = error.isConnectionFailure
            throw error
        }
    }

    /// - Throws: also where the server answers ROLLBACK, as it does, without an error, after a failed statement.
    private func commit() throws(PostgresError) {
        let answer: PostgresRows
        do {
            answer = try run("COMMIT", nil)
        } catch {
            guard error.isConnectionFailure else { throw error }
            throw PostgresError(
                error.kind, "the connection was lost during COMMIT, whether it happened is unknown: \(error.message)",
                sqlState: error.sqlState)
        }
        guard answer.commandTag != "ROLLBACK" else {
            throw PostgresError(
                .server(.inFailedTransaction),
                "the transaction was rolled back because a statement in it failed and its error was not thrown on")
        }
    }

    private func rollBack() {
        guard status.isAlive else { return }
        do throws(PostgresError) {
            _ = try run("ROLLBACK", nil)
        } catch {
            logger.debug("ROLLBACK failed, the connection was dropped: \(error)")
            close()
        }
    }
}

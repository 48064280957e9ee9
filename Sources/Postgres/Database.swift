package import Logging

/// A database behind a pool of connections, opened when needed and kept.
///
/// Waiters are served first come first served. Connections that broke are replaced on next use; a statement is tried
/// again by itself only where it provably never left this process.
package final class Database: Sendable {
    let pool: ConnectionPool

    /// Connects to nothing yet.
    /// - Parameters:
    ///   - maximumConnections: at least 1.
    ///   - waitLimit: the longest a caller waits for a connection to come free.
    ///   - logger: gets debug lines about lost connections and the server's notices.
    package init(
        _ configuration: PostgresConfiguration, maximumConnections: Int = 4, waitLimit: Duration = .seconds(30),
        logger: Logger
    ) {
        pool = ConnectionPool(
            configuration, maximumConnections: maximumConnections, waitLimit: waitLimit, logger: logger)
    }

    /// Runs one statement and returns its rows.
    /// - Throws: ``PostgresError``; `timedOut` and `closed` come from the pool.
    package func query(_ sql: SQL) async throws(PostgresError) -> PostgresRows {
        try await pool.withConnection { connection throws(PostgresError) in try await connection.query(sql) }
    }

    /// Runs one statement and returns how many rows it touched.
    @discardableResult
    package func execute(_ sql: SQL) async throws(PostgresError) -> Int { try await query(sql).affected }

    /// Runs `body` on the connection's own thread between BEGIN and COMMIT.
    ///
    /// The body is synchronous on purpose: no `await` can stand in it, so no transaction is ever held open across an
    /// upload or a transcode. When the body throws, the transaction is rolled back and the error passed on.
    /// - Throws: what the body throws, or ``PostgresError``. `connectionLost` from COMMIT leaves open whether the
    ///   transaction happened.
    @discardableResult
    package func transaction<R: Sendable>(
        _ body: @Sendable (borrowing Transaction) throws -> R
    ) async throws -> R {
        let outcome = try await pool.withConnection { connection async throws(PostgresError) in
            do {
                return Result<R, any Error>.success(try await connection.transaction(body))
            } catch let error as PostgresError where error.isBeforeSending {
                throw error
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Lends one connection: for LISTEN, advisory locks, CREATE INDEX CONCURRENTLY.
    ///
    /// Afterwards the connection is reset: open transactions are rolled back, settings, locks and channels forgotten.
    /// - Throws: what the body throws, or ``PostgresError``.
    @discardableResult
    package func withConnection<R: Sendable>(
        _ body: (PostgresConnection) async throws -> R
    ) async throws -> R {
        let outcome = try await pool.withConnection { connection async throws(PostgresError) in
            let outcome: Result<R, any Error>
            do { outcome = .success(try await body(connection)) } catch { outcome = .failure(error) }
            await connection.reset()
            return outcome
        }
        return try outcome.get()
    }

    /// Closes idle connections and refuses new calls; connections in use are closed when their call ends.
    package func close() async { await pool.close() }
}

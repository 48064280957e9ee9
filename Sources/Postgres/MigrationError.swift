/// Why the schema could not be brought up to date.
package enum MigrationError: Error, Sendable, CustomStringConvertible {
    case badFileName(String)
    case duplicateVersion(Int)
    /// An applied migration is not what it was when it was applied.
    case changed(version: Int, name: String)
    /// Another session kept a table locked through all tries.
    case locked(version: Int, name: String)
    /// Another host is migrating and did not finish in time.
    case busy(waited: Duration)
    /// A connection pooler stands before the database.
    case pooled
    /// A statement failed; nothing of the migration stays, unless it runs outside a transaction.
    case failed(version: Int, name: String, PostgresError)
    /// A script ended the transaction it ran in.
    case endedTransaction(version: Int, name: String)
    case database(PostgresError)

    package var description: String {
        switch self {
        case .badFileName(let fileName):
            "migration file \"\(fileName)\" must be named like 0001_create_tables.sql"
        case .duplicateVersion(let version):
            "two migrations have the number \(version); renumber the newer one"
        case .changed(let version, let name):
            "migration \(version) (\(name)) was edited after it was applied; restore it and add a new migration instead"
        case .locked(let version, let name):
            "migration \(version) (\(name)) could not lock its tables because another transaction keeps them; "
                + "end long transactions (pg_stat_activity) and run it again"
        case .busy(let waited):
            "another host has been migrating for \(waited); wait for it or end its session, then run it again"
        case .pooled:
            "a connection pooler stands before this database, and a migration needs a session of its own; "
                + "connect straight to the server: --database postgres://user@server:5432/name"
        case .failed(let version, let name, let error):
            "migration \(version) (\(name)) failed: \(error)"
        case .endedTransaction(let version, let name):
            "migration \(version) (\(name)) contains COMMIT or ROLLBACK; leave the transaction to the migrator"
        case .database(let error):
            "\(error)"
        }
    }
}

package import FoundationEssentials

/// One numbered step of the schema.
///
/// A transactional migration may hold any number of statements and is applied as a whole or not at all. One that says
/// `-- lathe: no transaction` on its first line holds exactly one statement, which must be safe to repeat, such as
/// `CREATE INDEX CONCURRENTLY IF NOT EXISTS`.
package struct Migration: Sendable, Hashable {
    /// Order of application, from 1.
    package let version: Int
    package let name: String
    package let sql: String
    /// Runs on its own, for the commands that refuse to run in a transaction.
    package let runsOutsideTransaction: Bool

    /// The first line of a migration that runs outside a transaction.
    package static let noTransactionMarker = "-- lathe: no transaction"

    package init(version: Int, name: String, sql: String) {
        self.version = version
        self.name = name
        self.sql = sql
        runsOutsideTransaction = sql.prefix { !$0.isNewline } == Self.noTransactionMarker
    }

    /// - Parameter fileName: `0001_create_tables.sql`.
    /// - Throws: ``MigrationError/badFileName(_:)``.
    package init(fileName: String, sql: String) throws(MigrationError) {
        guard let match = fileName.wholeMatch(of: /(\d+)_([a-z0-9_]+)\.sql/), let version = Int(match.1), version > 0
        else { throw .badFileName(fileName) }
        self.init(version: version, name: String(match.2), sql: sql)
    }

    /// The index a `CREATE INDEX CONCURRENTLY` builds, as written; nil for other statements.
    var concurrentIndex: String? {
        let pattern =
            /CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?((?:"[^"]+"|[\w$]+)(?:\.(?:"[^"]+"|[\w$]+))?)\s+ON\s/
            .ignoresCase()
        let statement = sql.split(whereSeparator: \.isNewline).filter {
            !$0.drop(while: \.isWhitespace).hasPrefix("--")
        }
        .joined(separator: " ")
        return statement.firstMatch(of: pattern).map { String($0.1) }
    }
}

/// What is known of one migration in one database.
package struct MigrationStatus: Sendable, Hashable {
    package enum State: Sendable, Hashable {
        case applied
        case pending
        /// Applied, and its file was edited since: its checksum differs.
        case changed
        /// In the ledger and not in this build: a newer Lathe was here.
        case unknown
    }

    package let version: Int
    package let name: String
    package let state: State
    /// When it was applied, by the database's clock; nil for pending ones.
    package let appliedAt: Date?
}

/// What ``Migrator/apply(progress:)`` is about to do or has done.
package struct AppliedMigration: Sendable, Hashable {
    package let migration: Migration
    package let duration: Duration
}

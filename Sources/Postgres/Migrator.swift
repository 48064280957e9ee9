package import Logging

/// Brings a schema up to date, once, however many hosts try.
///
/// Hosts take turns by a session-level advisory lock on one pinned connection, so the connection must lead to the
/// server itself: a pooler may give each transaction another session, and which kind it is cannot be told from here.
/// Transactional migrations take their locks with a short `lock_timeout` and try again later, so that nobody queues
/// behind a migration for longer than that.
package struct Migrator: Sendable {
    let database: Database
    let migrations: [Migration]
    let ledger: MigrationLedger
    let logger: Logger
    let policy: Policy

    /// How patient a migrator is.
    package struct Policy: Sendable {
        /// The longest a statement waits for a lock, and so the longest anybody waits behind it.
        package var lockTimeout: Duration = .seconds(2)
        /// Tries a migration gets at its locks.
        package var lockTries: Int = 12
        /// Pause after the first failed try; doubled after each, up to `longestPause`.
        package var firstPause: Duration = .milliseconds(250)
        package var longestPause: Duration = .seconds(5)
        /// The longest to wait for another host that migrates.
        package var turnLimit: Duration = .seconds(600)

        package init() {}
    }

    /// - Parameters:
    ///   - migrations: in any order; versions must differ.
    ///   - ledgerTable: where applied migrations are recorded.
    package init(
        database: Database, migrations: [Migration], ledgerTable: String = "lathe_migrations",
        policy: Policy = Policy(),
        logger: Logger
    ) {
        self.database = database
        self.migrations = migrations.sorted { $0.version < $1.version }
        ledger = MigrationLedger(table: ledgerTable)
        self.policy = policy
        self.logger = logger
    }

    /// The migrations that ``apply(progress:)`` would run now, in order; each one's `sql` is what it would send.
    /// Changes nothing.
    /// - Throws: ``MigrationError``.
    package func plan() async throws(MigrationError) -> [Migration] {
        let states = try await status()
        try Self.refuseChanged(states)
        let pending = Set(states.filter { $0.state == .pending }.map(\.version))
        return migrations.filter { pending.contains($0.version) }
    }

    /// Every known migration and what the database says of it, in order. Changes nothing.
    /// - Throws: ``MigrationError``.
    package func status() async throws(MigrationError) -> [MigrationStatus] {
        try refuseDuplicates()
        return try await mapped {
            try await database.withConnection { try await ledger.status(of: migrations, on: $0) }
        }
    }

    /// Runs what is pending, in order, and records it.
    /// - Parameter progress: called before each migration.
    /// - Returns: what was run, here and now.
    /// - Throws: ``MigrationError``; `pooled` before anything is done. Migrations before the one that failed stay
    ///   applied.
    @discardableResult
    package func apply(
        progress: @Sendable (Migration) -> Void = { _ in }
    ) async throws(MigrationError) -> [AppliedMigration] {
        try refuseDuplicates()
        return try await mapped {
            try await database.withConnection { connection in
                guard try await connection.isDirect() else { throw MigrationError.pooled }
                try await takeTurn(on: connection)
                try await ledger.create(on: connection)
                let states = try await ledger.status(of: migrations, on: connection)
                try Self.refuseChanged(states)
                for state in states where state.state == .unknown {
                    logger.warning("migration \(state.version) (\(state.name)) was applied by a newer version of Lathe")
                }
                let pending = Set(states.filter { $0.state == .pending }.map(\.version))
                var applied: [AppliedMigration] = []
                for migration in migrations where pending.contains(migration.version) {
                    progress(migration)
                    applied.append(try await apply(migration, on: connection))
                }
                return applied
            }
        }
    }

    private func refuseDuplicates() throws(MigrationError) {
        for (migration, next) in zip(migrations, migrations.dropFirst()) where migration.version == next.version {
            throw .duplicateVersion(migration.version)
        }
    }

    private static func refuseChanged(_ states: [MigrationStatus]) throws(MigrationError) {
        guard let state = states.first(where: { $0.state == .changed }) else { return }
        throw .changed(version: state.version, name: state.name)
    }

    private func mapped<R>(_ body: () async throws -> R) async throws(MigrationError) -> R {
        do {
            return try await body()
        } catch let error as MigrationError {
            throw error
        } catch let error as PostgresError {
            throw .database(error)
        } catch {
            throw .database(PostgresError(.cancelled, "migrating was cancelled"))
        }
    }
}

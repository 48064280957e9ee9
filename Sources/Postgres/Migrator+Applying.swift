import Logging

extension Migrator {
    /// "lathe" in ASCII: the advisory lock that hosts take turns by.
    private static let turnKey = 0x6C_61_74_68_65

    /// Waits for the advisory lock by asking again and again. Waiting inside `pg_advisory_lock` would hold a snapshot,
    /// for whose end the other host's CREATE INDEX CONCURRENTLY waits: both would stand still.
    func takeTurn(on connection: PostgresConnection) async throws {
        let start = ContinuousClock.now
        var isAnnounced = false
        while true {
            let rows = try await connection.query("SELECT pg_try_advisory_lock(\(Self.turnKey))")
            if try rows.single().decode(0, as: Bool.self) { return }
            guard ContinuousClock.now - start < policy.turnLimit else {
                throw MigrationError.busy(waited: policy.turnLimit)
            }
            if !isAnnounced { logger.info("waiting for another host that is migrating") }
            isAnnounced = true
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    func apply(_ migration: Migration, on connection: PostgresConnection) async throws -> AppliedMigration {
        let start = ContinuousClock.now
        do {
            if migration.runsOutsideTransaction {
                try await applyAlone(migration, on: connection)
            } else {
                try await applyInTransaction(migration, on: connection)
            }
        } catch let error as PostgresError {
            guard error.kind != .cancelled else { throw error }
            throw MigrationError.failed(version: migration.version, name: migration.name, error)
        }
        return AppliedMigration(migration: migration, duration: ContinuousClock.now - start)
    }

    private func applyInTransaction(_ migration: Migration, on connection: PostgresConnection) async throws {
        var pause = policy.firstPause
        for attempt in 1...max(1, policy.lockTries) {
            do {
                return try await tryInTransaction(migration, on: connection)
            } catch let error as PostgresError where error.mayPass {
                logger.info("migration \(migration.version) waits for locks, try \(attempt) of \(policy.lockTries)")
            }
            if attempt < policy.lockTries { try await Task.sleep(for: pause) }
            pause = min(pause * 2, policy.longestPause)
        }
        throw MigrationError.locked(version: migration.version, name: migration.name)
    }

    private func tryInTransaction(_ migration: Migration, on connection: PostgresConnection) async throws {
        let (ledger, limit) = (ledger, policy.lockTimeout)
        try await connection.transaction { transaction in
            try transaction.limitLockWait(to: limit)
            let before = try transaction.query("SELECT pg_current_xact_id()::text").single().decode(0, as: String.self)
            try transaction.runScript(migration.sql)
            let after = try transaction.query("SELECT pg_current_xact_id()::text").single().decode(0, as: String.self)
            guard before == after else {
                throw MigrationError.endedTransaction(version: migration.version, name: migration.name)
            }
            try transaction.execute(ledger.record(migration))
        }
    }

    /// A concurrent index build takes no lock that stops readers or writers, and must wait for old transactions as
    /// long as they last: it has no timeouts.
    private func applyAlone(_ migration: Migration, on connection: PostgresConnection) async throws {
        try await connection.execute("SET lock_timeout = 0")
        try await connection.execute("SET statement_timeout = 0")
        if let index = migration.concurrentIndex { try await dropInvalid(index, on: connection) }
        try await connection.execute(SQL(unsafeRaw: migration.sql))
        try await connection.execute(ledger.record(migration))
    }

    /// An interrupted build leaves an index that costs every write and serves no read; IF NOT EXISTS would keep it.
    private func dropInvalid(_ index: String, on connection: PostgresConnection) async throws {
        let rows = try await connection.query(
            "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(\(index)) AND NOT indisvalid")
        guard !rows.isEmpty else { return }
        logger.info("dropping index \(index), which an interrupted run left invalid")
        try await connection.execute("DROP INDEX CONCURRENTLY IF EXISTS \(unsafeRaw: index)")
    }
}

extension PostgresError {
    /// Another transaction stood in the way and will be gone.
    fileprivate var mayPass: Bool { sqlState == .lockNotAvailable || sqlState == .deadlockDetected }
}

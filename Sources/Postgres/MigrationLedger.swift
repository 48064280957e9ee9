import FoundationEssentials

/// The table of what was applied. Checksums are the SHA-256 of a migration's text, computed by the server.
struct MigrationLedger: Sendable {
    let table: String

    func create(on connection: PostgresConnection) async throws(PostgresError) {
        guard try await !exists(on: connection) else { return }
        try await connection.execute(
            """
            CREATE TABLE IF NOT EXISTS \(identifier: table) (
                version integer PRIMARY KEY,
                name text NOT NULL,
                checksum text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
            )
            """)
    }

    func status(
        of migrations: [Migration], on connection: PostgresConnection
    ) async throws(PostgresError) -> [MigrationStatus] {
        guard try await exists(on: connection) else {
            return migrations.map {
                MigrationStatus(version: $0.version, name: $0.name, state: .pending, appliedAt: nil)
            }
        }
        let rows = try await connection.query(
            """
            SELECT coalesce(known.version, ledger.version) AS version, coalesce(known.name, ledger.name) AS name,
                known.version IS NOT NULL AS is_known, ledger.applied_at,
                ledger.checksum = encode(sha256(convert_to(known.sql, 'UTF8')), 'hex') AS is_same
            FROM \(identifier: table) AS ledger
            FULL JOIN unnest(\(migrations.map(\.version)), \(migrations.map(\.name))::text[],
                \(migrations.map(\.sql))::text[]) AS known (version, name, sql) ON known.version = ledger.version
            ORDER BY 1
            """)
        var states: [MigrationStatus] = []
        for row in rows {
            let appliedAt = try row.decode("applied_at", as: Date?.self)
            let state: MigrationStatus.State =
                if try !row.decode("is_known", as: Bool.self) {
                    .unknown
                } else if appliedAt == nil {
                    .pending
                } else {
                    try row.decode("is_same", as: Bool.self) ? .applied : .changed
                }
            states.append(
                MigrationStatus(
                    version: try row.decode("version"), name: try row.decode("name"), state: state,
                    appliedAt: appliedAt))
        }
        return states
    }

    /// The statement that records a migration.
    func record(_ migration: Migration) -> SQL {
        """
        INSERT INTO \(identifier: table) (version, name, checksum)
        VALUES (\(migration.version), \(migration.name), encode(sha256(convert_to(\(migration.sql), 'UTF8')), 'hex'))
        """
    }

    private func exists(on connection: PostgresConnection) async throws(PostgresError) -> Bool {
        try await connection.query("SELECT to_regclass(\(table.quotedAsIdentifier)) IS NOT NULL").single().decode(0)
    }
}

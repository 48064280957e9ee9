package import FoundationEssentials
import Migrations
package import Postgres

/// The application's side of a test: its tables, and rows as it would write them.
extension TestDatabase {
    /// Makes a database with every migration applied.
    package static func migrated(ownServer: Bool = false) async throws -> TestDatabase {
        let test = try await make(ownServer: ownServer)
        let pool = test.pool(maximumConnections: 1)
        try await Migrator(database: pool, migrations: Migrations.all, logger: logger).apply()
        await pool.close()
        return test
    }
}

/// Rows of the application, written with its own statements.
package struct AppRows: Sendable {
    package let database: Database

    package init(_ database: Database) {
        self.database = database
    }

    /// An artist with one release of as many tracks as titles, none of them uploaded.
    /// - Returns: the ids of the release and of its tracks in order.
    package func release(
        title: String = "Night Shift", artist: String = "The Turners", status: String = "DRAFT",
        tracks titles: [String] = ["First Cut"]
    ) async throws -> (id: UUID, tracks: [UUID]) {
        let email = "\(UUID().uuidString)@example.org"
        let artistID: UUID = try await database.query(
            "INSERT INTO users (email, password_hash, artist_name) VALUES (\(email), '-', \(artist)) RETURNING id"
        ).single().decode("id")
        let release: UUID = try await database.query(
            """
            INSERT INTO releases (artist_id, title, genre, status)
            VALUES (\(artistID), \(title), 'Electronic', \(status)) RETURNING id
            """
        ).single().decode("id")
        var tracks: [UUID] = []
        for (index, title) in titles.enumerated() {
            tracks.append(
                try await database.query(
                    """
                    INSERT INTO tracks (release_id, title, audio_file_url, duration_seconds, track_order)
                    VALUES (\(release), \(title), '', 1, \(index + 1)) RETURNING id
                    """
                ).single().decode("id"))
        }
        return (release, tracks)
    }

    /// The statement of the operators' runbook.
    package func upload(_ path: String, to target: UUID, type: String = "AUDIO") async throws -> UUID {
        try await database.query(
            """
            INSERT INTO upload_jobs (target_entity_id, job_type, local_path, status)
            VALUES (\(target), \(type), \(path), 'PENDING') RETURNING id
            """
        ).single().decode("id")
    }

    /// One row by its id.
    package func row(_ table: String, _ id: UUID) async throws -> PostgresRow {
        try await database.query("SELECT * FROM \(identifier: table) WHERE id = \(id)").single()
    }
}

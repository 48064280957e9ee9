import Postgres
import TestSupport

/// The release manager's own database as the contract describes it, before Lathe ever saw it: its tables, enums,
/// trigger function and ledger, and rows in all of them.
enum AppDatabase {
    static func create(in test: TestDatabase) async throws {
        let connection = try await test.connect()
        for statement in statements { try await connection.execute(statement) }
        await connection.close()
    }

    /// A statement of the app's and the operators' runbook, as it stands there.
    static func queueUpload(on connection: PostgresConnection, path: String) async throws {
        try await connection.execute(
            """
            INSERT INTO upload_jobs (target_entity_id, job_type, local_path, status)
            VALUES ('00000000-0000-4000-8000-000000000003', 'AUDIO', \(path), 'PENDING')
            """)
    }

    private static let statements: [SQL] = enums + tables + triggers + rows

    private static let enums: [SQL] = [
        "CREATE TYPE user_role AS ENUM ('ARTIST', 'ADMIN')",
        "CREATE TYPE release_status AS ENUM ('DRAFT', 'PROCESSING', 'PENDING_REVIEW', 'PUBLISHED', 'REJECTED')",
        "CREATE TYPE upload_job_status AS ENUM ('PENDING', 'UPLOADING', 'COMPLETED', 'FAILED')",
        "CREATE TYPE upload_job_type AS ENUM ('AUDIO', 'COVER_ART')",
    ]

    private static let tables: [SQL] = [
        """
        CREATE TABLE migrations (
            id serial PRIMARY KEY, name varchar(255) NOT NULL UNIQUE, applied_at timestamp DEFAULT CURRENT_TIMESTAMP)
        """,
        """
        CREATE TABLE users (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email varchar(255) UNIQUE NOT NULL,
            password_hash varchar(255) NOT NULL, artist_name varchar(255), role user_role DEFAULT 'ARTIST',
            created_at timestamptz DEFAULT CURRENT_TIMESTAMP, updated_at timestamptz DEFAULT CURRENT_TIMESTAMP)
        """,
        """
        CREATE TABLE releases (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(), artist_id uuid REFERENCES users (id) ON DELETE CASCADE,
            title varchar(255), genre varchar(100) NOT NULL, cover_art_url text,
            status release_status DEFAULT 'DRAFT',
            created_at timestamptz DEFAULT CURRENT_TIMESTAMP, updated_at timestamptz DEFAULT CURRENT_TIMESTAMP)
        """,
        """
        CREATE TABLE tracks (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(), release_id uuid REFERENCES releases (id) ON DELETE CASCADE,
            title varchar(255), isrc varchar(20), audio_file_url text NOT NULL,
            duration_seconds integer NOT NULL CHECK (duration_seconds > 0),
            track_order integer NOT NULL CHECK (track_order > 0),
            created_at timestamptz DEFAULT CURRENT_TIMESTAMP, updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
            UNIQUE (release_id, track_order))
        """,
        """
        CREATE TABLE password_reset_tokens (
            token_hash varchar(255) PRIMARY KEY, user_id uuid REFERENCES users (id) ON DELETE CASCADE,
            expires_at timestamptz NOT NULL, used boolean DEFAULT false,
            created_at timestamptz DEFAULT CURRENT_TIMESTAMP, updated_at timestamptz DEFAULT CURRENT_TIMESTAMP)
        """,
        """
        CREATE TABLE upload_jobs (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(), target_entity_id uuid NOT NULL,
            job_type upload_job_type NOT NULL, local_path text NOT NULL, status upload_job_status DEFAULT 'PENDING',
            retry_count integer DEFAULT 0, error_log text,
            created_at timestamptz DEFAULT CURRENT_TIMESTAMP, updated_at timestamptz DEFAULT CURRENT_TIMESTAMP)
        """,
        "CREATE INDEX idx_upload_jobs_status ON upload_jobs (status)",
        "CREATE INDEX idx_releases_status ON releases (status)",
    ]

    private static let triggers: [SQL] =
        [
            """
            CREATE FUNCTION update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN NEW.updated_at = CURRENT_TIMESTAMP; RETURN NEW; END; $$
            """
        ]
        + ["users", "releases", "tracks", "password_reset_tokens", "upload_jobs"].map { table in
            """
            CREATE TRIGGER \(identifier: "update_\(table)_updated_at") BEFORE UPDATE ON \(identifier: table)
            FOR EACH ROW EXECUTE FUNCTION update_updated_at_column()
            """
        }

    private static let rows: [SQL] = [
        "INSERT INTO migrations (name) VALUES ('001_create_users.sql'), ('002_create_releases.sql')",
        """
        INSERT INTO users (id, email, password_hash, artist_name, role) VALUES
            ('00000000-0000-4000-8000-000000000001', 'artist@example.org', 'x', 'The Turners', 'ARTIST'),
            (gen_random_uuid(), 'admin@example.org', 'x', NULL, 'ADMIN')
        """,
        """
        INSERT INTO releases (id, artist_id, title, genre, status) VALUES
            ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000001', 'Night', 'Jazz', 'DRAFT')
        """,
        """
        INSERT INTO releases (artist_id, title, genre, status, created_at, updated_at)
        SELECT '00000000-0000-4000-8000-000000000001', 'Old ' || n, 'Jazz',
            (enum_range(NULL::release_status))[1 + n % 5], now() - n * interval '1 day', now() - n * interval '1 hour'
        FROM generate_series(1, 200) n
        """,
        """
        INSERT INTO tracks (id, release_id, title, audio_file_url, duration_seconds, track_order) VALUES
            ('00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-000000000002', 'One', '', 1, 1)
        """,
        """
        INSERT INTO password_reset_tokens (token_hash, user_id, expires_at)
        VALUES ('hash', '00000000-0000-4000-8000-000000000001', now())
        """,
        """
        INSERT INTO upload_jobs (target_entity_id, job_type, local_path, status, retry_count, error_log, updated_at)
        SELECT '00000000-0000-4000-8000-000000000003', (enum_range(NULL::upload_job_type))[1 + n % 2],
            '/srv/' || n || '.wav', (enum_range(NULL::upload_job_status))[1 + n % 4], n % 4,
            CASE WHEN n % 4 = 3 THEN 'ENOENT' END, now() - n * interval '1 minute'
        FROM generate_series(1, 500) n
        """,
    ]
}

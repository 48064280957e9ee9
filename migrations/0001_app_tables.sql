-- The release manager's own tables. On its live database every one of them is there already and is left exactly as
-- it is; on an empty database they are created as the contract in docs/database.md says.

DO $$
BEGIN
    IF to_regtype('user_role') IS NULL THEN
        CREATE TYPE user_role AS ENUM ('ARTIST', 'ADMIN');
    END IF;
    IF to_regtype('release_status') IS NULL THEN
        CREATE TYPE release_status AS ENUM ('DRAFT', 'PROCESSING', 'PENDING_REVIEW', 'PUBLISHED', 'REJECTED');
    END IF;
    IF to_regtype('upload_job_status') IS NULL THEN
        CREATE TYPE upload_job_status AS ENUM ('PENDING', 'UPLOADING', 'COMPLETED', 'FAILED');
    END IF;
    IF to_regtype('upload_job_type') IS NULL THEN
        CREATE TYPE upload_job_type AS ENUM ('AUDIO', 'COVER_ART');
    END IF;
END
$$;

-- Ours by name, so that it can never replace a function of the app's.
CREATE OR REPLACE FUNCTION lathe_set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at = now();
    RETURN NEW;
END
$$;

DO $$
BEGIN
    IF to_regclass('users') IS NULL THEN
        CREATE TABLE users (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            email varchar(255) NOT NULL UNIQUE,
            password_hash varchar(255) NOT NULL,
            artist_name varchar(255),
            role user_role DEFAULT 'ARTIST',
            created_at timestamptz DEFAULT now(),
            updated_at timestamptz DEFAULT now()
        );
        CREATE TRIGGER users_updated_at BEFORE UPDATE ON users
            FOR EACH ROW EXECUTE FUNCTION lathe_set_updated_at();
    END IF;

    IF to_regclass('releases') IS NULL THEN
        CREATE TABLE releases (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            artist_id uuid REFERENCES users (id) ON DELETE CASCADE,
            title varchar(255),
            genre varchar(100) NOT NULL,
            cover_art_url text,
            status release_status DEFAULT 'DRAFT',
            created_at timestamptz DEFAULT now(),
            updated_at timestamptz DEFAULT now()
        );
        CREATE INDEX releases_artist_id ON releases (artist_id);
        CREATE TRIGGER releases_updated_at BEFORE UPDATE ON releases
            FOR EACH ROW EXECUTE FUNCTION lathe_set_updated_at();
    END IF;

    IF to_regclass('tracks') IS NULL THEN
        CREATE TABLE tracks (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            release_id uuid REFERENCES releases (id) ON DELETE CASCADE,
            title varchar(255),
            isrc varchar(20),
            audio_file_url text NOT NULL,
            duration_seconds integer NOT NULL CHECK (duration_seconds > 0),
            track_order integer NOT NULL CHECK (track_order > 0),
            created_at timestamptz DEFAULT now(),
            updated_at timestamptz DEFAULT now(),
            UNIQUE (release_id, track_order)
        );
        CREATE TRIGGER tracks_updated_at BEFORE UPDATE ON tracks
            FOR EACH ROW EXECUTE FUNCTION lathe_set_updated_at();
    END IF;

    IF to_regclass('password_reset_tokens') IS NULL THEN
        CREATE TABLE password_reset_tokens (
            token_hash varchar(255) PRIMARY KEY,
            user_id uuid REFERENCES users (id) ON DELETE CASCADE,
            expires_at timestamptz,
            used boolean DEFAULT false,
            created_at timestamptz DEFAULT now(),
            updated_at timestamptz DEFAULT now()
        );
        CREATE TRIGGER password_reset_tokens_updated_at BEFORE UPDATE ON password_reset_tokens
            FOR EACH ROW EXECUTE FUNCTION lathe_set_updated_at();
    END IF;

    IF to_regclass('upload_jobs') IS NULL THEN
        CREATE TABLE upload_jobs (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            target_entity_id uuid NOT NULL,
            job_type upload_job_type,
            local_path text NOT NULL,
            status upload_job_status DEFAULT 'PENDING',
            retry_count integer DEFAULT 0,
            error_log text,
            created_at timestamptz DEFAULT now(),
            updated_at timestamptz DEFAULT now()
        );
        CREATE TRIGGER upload_jobs_updated_at BEFORE UPDATE ON upload_jobs
            FOR EACH ROW EXECUTE FUNCTION lathe_set_updated_at();
    END IF;
END
$$;

-- An existing table that is not the release manager's is refused before anything is added to it.
DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(wanted.tab || '.' || wanted.col, ', ' ORDER BY wanted.tab, wanted.col) INTO missing
    FROM (VALUES
        ('users', 'id'), ('users', 'artist_name'),
        ('releases', 'id'), ('releases', 'artist_id'), ('releases', 'title'), ('releases', 'genre'),
        ('releases', 'cover_art_url'), ('releases', 'status'),
        ('tracks', 'id'), ('tracks', 'release_id'), ('tracks', 'title'), ('tracks', 'isrc'),
        ('tracks', 'audio_file_url'), ('tracks', 'duration_seconds'), ('tracks', 'track_order'),
        ('upload_jobs', 'id'), ('upload_jobs', 'target_entity_id'), ('upload_jobs', 'job_type'),
        ('upload_jobs', 'local_path'), ('upload_jobs', 'status'), ('upload_jobs', 'retry_count'),
        ('upload_jobs', 'error_log'), ('upload_jobs', 'created_at'), ('upload_jobs', 'updated_at')
    ) AS wanted (tab, col)
    WHERE NOT EXISTS (
        SELECT 1 FROM pg_attribute a
        WHERE a.attrelid = to_regclass(wanted.tab) AND a.attname = wanted.col AND a.attnum > 0 AND NOT a.attisdropped
    );
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'this database is not the release manager''s: it lacks %', missing
            USING HINT = 'Check that DATABASE_URL names the release manager''s database and schema.';
    END IF;
END
$$;

CREATE TYPE processing_job_status AS ENUM ('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED');

-- One job a track and profile.
CREATE TABLE processing_jobs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    track_id uuid NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    profile text NOT NULL,
    profile_version integer NOT NULL,
    master_url text NOT NULL,
    status processing_job_status NOT NULL DEFAULT 'PENDING',
    retry_count integer NOT NULL DEFAULT 0,
    error_log text,
    run_after timestamptz NOT NULL DEFAULT now(),
    worker_id uuid,
    lease_token uuid,
    attempt_count integer NOT NULL DEFAULT 0,
    crash_count integer NOT NULL DEFAULT 0,
    snooze_count integer NOT NULL DEFAULT 0,
    started_at timestamptz,
    finished_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (track_id, profile)
) WITH (fillfactor = 70);

CREATE INDEX processing_jobs_pending ON processing_jobs (run_after, id) WHERE status = 'PENDING';
CREATE INDEX processing_jobs_running ON processing_jobs (worker_id) WHERE status = 'PROCESSING';
CREATE INDEX processing_jobs_failed ON processing_jobs (updated_at) WHERE status = 'FAILED';
CREATE TRIGGER processing_jobs_updated_at BEFORE UPDATE ON processing_jobs
    FOR EACH ROW EXECUTE FUNCTION lathe_set_updated_at();

-- What was cut: the current rendition of a track in a profile.
CREATE TABLE renditions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    track_id uuid NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
    profile text NOT NULL,
    profile_version integer NOT NULL,
    source_url text NOT NULL,
    object_key text NOT NULL,
    url text NOT NULL,
    bytes bigint NOT NULL CHECK (bytes > 0),
    sha256 text NOT NULL CHECK (length(sha256) = 64),
    codec text NOT NULL,
    bit_rate integer NOT NULL,
    sample_rate integer NOT NULL,
    channels integer NOT NULL,
    sample_frames bigint NOT NULL CHECK (sample_frames > 0),
    duration_ms bigint NOT NULL,
    encoder text NOT NULL,
    source_format text NOT NULL,
    warnings text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (track_id, profile)
);

CREATE TRIGGER renditions_updated_at BEFORE UPDATE ON renditions
    FOR EACH ROW EXECUTE FUNCTION lathe_set_updated_at();

COMMENT ON COLUMN renditions.source_url IS 'tracks.audio_file_url the rendition was cut from; another one there makes it stale.';
COMMENT ON COLUMN renditions.sample_frames IS 'Samples per channel a gapless player plays.';

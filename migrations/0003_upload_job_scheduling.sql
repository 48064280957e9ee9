-- Scheduling columns beside the app's own. Every one is nullable or has a default, so the app's INSERT statements
-- keep working as they are, and none rewrites the table.
ALTER TABLE upload_jobs
    ADD COLUMN IF NOT EXISTS run_after timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS worker_id uuid,
    ADD COLUMN IF NOT EXISTS lease_token uuid,
    ADD COLUMN IF NOT EXISTS attempt_count integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS crash_count integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS snooze_count integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS started_at timestamptz,
    ADD COLUMN IF NOT EXISTS finished_at timestamptz,
    ADD COLUMN IF NOT EXISTS bytes bigint,
    ADD COLUMN IF NOT EXISTS object_key text;

COMMENT ON COLUMN upload_jobs.attempt_count IS 'Claims so far, whatever came of them.';
COMMENT ON COLUMN upload_jobs.crash_count IS 'Workers that died under this job; at 3 it is FAILED.';
COMMENT ON COLUMN upload_jobs.snooze_count IS 'Times it was put back because storage was down; reset by success.';

-- What control over the jobs needs: an order (priority, and turns that artists take), a history of every attempt, and
-- queues that can be paused. Columns are nullable or have a default, and no row is rewritten.
ALTER TABLE upload_jobs
    ADD COLUMN IF NOT EXISTS priority smallint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS owner_id uuid,
    ADD COLUMN IF NOT EXISTS turn bigint,
    ADD COLUMN IF NOT EXISTS release_count integer NOT NULL DEFAULT 0;

ALTER TABLE processing_jobs
    ADD COLUMN priority smallint NOT NULL DEFAULT 0,
    ADD COLUMN owner_id uuid,
    ADD COLUMN turn bigint,
    ADD COLUMN release_count integer NOT NULL DEFAULT 0;

COMMENT ON COLUMN upload_jobs.priority IS 'The smaller one runs first.';
COMMENT ON COLUMN upload_jobs.turn IS 'Round in which the owner''s job has its turn, given while many jobs wait; null before.';
COMMENT ON COLUMN upload_jobs.owner_id IS 'The artist the turn belongs to.';
COMMENT ON COLUMN upload_jobs.release_count IS 'Times a worker that was shutting down gave the job back.';

-- A job row is written at every claim and every outcome: room for that on its page, and a vacuum that comes before the
-- dead rows cost anything. Settings that are there already stay.
DO $$
DECLARE
    wanted text[];
    setting text;
    tab text;
BEGIN
    FOREACH tab IN ARRAY ARRAY['upload_jobs', 'processing_jobs'] LOOP
        SELECT array_agg(w) INTO wanted
        FROM unnest(ARRAY[
            'fillfactor=70', 'autovacuum_vacuum_scale_factor=0.02', 'autovacuum_vacuum_threshold=500',
            'autovacuum_analyze_scale_factor=0.05', 'autovacuum_vacuum_cost_delay=1'
        ]) AS w
        WHERE NOT EXISTS (
            SELECT 1 FROM pg_class c, unnest(c.reloptions) AS present
            WHERE c.oid = to_regclass(tab) AND split_part(present, '=', 1) = split_part(w, '=', 1));
        FOREACH setting IN ARRAY coalesce(wanted, '{}') LOOP
            EXECUTE format('ALTER TABLE %s SET (%s)', to_regclass(tab), setting);
        END LOOP;
    END LOOP;
END
$$;

-- One row an attempt, written when it ends.
CREATE TABLE job_attempts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue text NOT NULL,
    job_id uuid NOT NULL,
    attempt integer NOT NULL,
    worker_id uuid,
    worker text,
    started_at timestamptz,
    ended_at timestamptz NOT NULL DEFAULT now(),
    outcome text NOT NULL,
    error text
);

CREATE INDEX job_attempts_job ON job_attempts (job_id, attempt);

COMMENT ON COLUMN job_attempts.worker IS 'Host and pid.';
COMMENT ON COLUMN job_attempts.outcome IS 'completed, retried, failed, snoozed, released, crashed or cancelled.';

-- A row here stops every worker from claiming of that queue.
CREATE TABLE paused_queues (
    queue text PRIMARY KEY,
    paused_at timestamptz NOT NULL DEFAULT now(),
    paused_by text
);

-- Queues whose bell is to be rung for this incarnation, because it sleeps.
ALTER TABLE workers ADD COLUMN armed text[] NOT NULL DEFAULT '{}';

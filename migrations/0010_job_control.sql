-- What control over the jobs needs, on Lathe's own tables: a history of every attempt, queues that can be paused, and an
-- order (priority, and turns that artists take).

-- Queues whose bell is to be rung for this incarnation, because it sleeps.
ALTER TABLE workers ADD COLUMN armed text[] NOT NULL DEFAULT '{}';

ALTER TABLE processing_jobs
    ADD COLUMN priority smallint NOT NULL DEFAULT 0,
    ADD COLUMN owner_id uuid,
    ADD COLUMN turn bigint,
    ADD COLUMN release_count integer NOT NULL DEFAULT 0;

-- A job row is written at every claim and every outcome: a vacuum comes before the dead rows cost anything.
ALTER TABLE processing_jobs SET (
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_analyze_scale_factor = 0.05,
    autovacuum_vacuum_cost_delay = 1);

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

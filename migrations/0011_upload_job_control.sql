-- The same for upload_jobs, in a file of its own, so that one of the application's tables at a time is locked. Columns are
-- nullable or have a default, and no row is rewritten. A column of the application's with one of these names is refused.
ALTER TABLE upload_jobs
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
    setting text;
BEGIN
    FOREACH setting IN ARRAY ARRAY[
        'fillfactor=70', 'autovacuum_vacuum_scale_factor=0.02', 'autovacuum_vacuum_threshold=500',
        'autovacuum_analyze_scale_factor=0.05', 'autovacuum_vacuum_cost_delay=1'
    ] LOOP
        IF NOT EXISTS (
            SELECT 1 FROM pg_class c, unnest(c.reloptions) AS present
            WHERE c.oid = to_regclass('upload_jobs') AND split_part(present, '=', 1) = split_part(setting, '=', 1))
        THEN
            EXECUTE format('ALTER TABLE upload_jobs SET (%s)', setting);
        END IF;
    END LOOP;
END
$$;

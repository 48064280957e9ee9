-- New jobs wake a sleeping worker. The bell is rung once a statement, without a payload, and only while a worker has
-- armed it: NOTIFY makes concurrent commits wait for each other, which the application must not pay for while the
-- workers are busy anyway.
--
-- The function runs with its owner's rights, because the application's role need not see Lathe's tables. It waits for no
-- lock and no failure inside it fails the application's statement.
DO $do$
BEGIN
    EXECUTE format($body$
        CREATE FUNCTION lathe_ring() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp SET lock_timeout = '50ms' AS $$
        BEGIN
            IF EXISTS (
                SELECT 1 FROM %I.workers w
                WHERE TG_ARGV[0] = ANY (w.armed) AND w.beat_at > now() - interval '15 seconds')
            THEN
                PERFORM pg_notify('lathe_' || TG_ARGV[0], '');
            END IF;
            RETURN NULL;
        EXCEPTION WHEN OTHERS THEN
            RETURN NULL;
        END
        $$
        $body$, current_schema());
END
$do$;

CREATE TRIGGER processing_jobs_doorbell AFTER INSERT ON processing_jobs
    FOR EACH STATEMENT EXECUTE FUNCTION lathe_ring('processing');

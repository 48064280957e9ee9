-- Until when each queue's doorbell is to be rung, as Unix seconds. A sequence, because a trigger's WHEN can read it: while no
-- worker sleeps, an application's INSERT calls no function, looks into no table and waits for no other transaction. It
-- is no part of a transaction, so a worker that goes to sleep is heard at once; and it runs out by itself when the worker dies.
CREATE SEQUENCE lathe_upload_armed_until;
CREATE SEQUENCE lathe_processing_armed_until;
GRANT SELECT ON SEQUENCE lathe_upload_armed_until, lathe_processing_armed_until TO PUBLIC;

-- Whoever may beat may arm.
DO $$
DECLARE
    worker regrole;
BEGIN
    FOR worker IN
        SELECT DISTINCT acl.grantee::regrole FROM pg_class, aclexplode(relacl) AS acl
        WHERE pg_class.oid = to_regclass('workers') AND acl.privilege_type = 'UPDATE' AND acl.grantee <> 0
    LOOP
        EXECUTE format('GRANT UPDATE ON SEQUENCE lathe_upload_armed_until, lathe_processing_armed_until TO %s', worker);
    END LOOP;
END
$$;

-- Whether to ring is said by the triggers now. The function needs nobody's rights and nothing in it can fail.
CREATE OR REPLACE FUNCTION lathe_ring() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_catalog.pg_notify('lathe_' || TG_ARGV[0], '');
    RETURN NULL;
END
$$;

COMMENT ON COLUMN workers.armed IS 'Written by older versions, read by none.';

DROP TRIGGER processing_jobs_doorbell ON processing_jobs;
CREATE TRIGGER processing_jobs_doorbell AFTER INSERT ON processing_jobs FOR EACH STATEMENT
    WHEN (
        has_sequence_privilege('lathe_processing_armed_until'::regclass, 'SELECT')
        AND to_timestamp(pg_sequence_last_value('lathe_processing_armed_until'::regclass)) > clock_timestamp())
    EXECUTE FUNCTION lathe_ring('processing');

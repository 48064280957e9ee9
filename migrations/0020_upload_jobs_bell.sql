-- A file of its own, so that one of the application's tables at a time is locked. A role that may not read the sequence, after
-- a restore without privileges, inserts in silence.
DROP TRIGGER lathe_upload_jobs_doorbell ON upload_jobs;
CREATE TRIGGER lathe_upload_jobs_doorbell AFTER INSERT ON upload_jobs FOR EACH STATEMENT
    WHEN (
        has_sequence_privilege('lathe_upload_armed_until'::regclass, 'SELECT')
        AND to_timestamp(pg_sequence_last_value('lathe_upload_armed_until'::regclass)) > clock_timestamp())
    EXECUTE FUNCTION lathe_ring('upload');

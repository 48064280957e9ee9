-- A file of its own, so that one of the application's tables at a time is locked.
CREATE TRIGGER lathe_upload_jobs_doorbell AFTER INSERT ON upload_jobs
    FOR EACH STATEMENT EXECUTE FUNCTION lathe_ring('upload');

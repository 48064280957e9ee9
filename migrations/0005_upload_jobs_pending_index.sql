-- lathe: no transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS lathe_upload_jobs_pending ON upload_jobs (run_after, id) WHERE status = 'PENDING';

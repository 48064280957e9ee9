-- lathe: no transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS lathe_upload_jobs_ready ON upload_jobs (priority, turn, run_after, id) WHERE status = 'PENDING';

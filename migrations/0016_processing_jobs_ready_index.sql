-- lathe: no transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS processing_jobs_ready ON processing_jobs (priority, turn, run_after, id) WHERE status = 'PENDING';

-- lathe: no transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS lathe_upload_jobs_running ON upload_jobs (worker_id) WHERE status = 'UPLOADING';

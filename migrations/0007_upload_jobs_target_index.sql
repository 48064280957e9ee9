-- lathe: no transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS lathe_upload_jobs_target ON upload_jobs (target_entity_id, created_at);

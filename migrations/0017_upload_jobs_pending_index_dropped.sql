-- lathe: no transaction
-- lathe_upload_jobs_ready took its place.
DROP INDEX CONCURRENTLY IF EXISTS lathe_upload_jobs_pending;

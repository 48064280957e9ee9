-- lathe: no transaction
-- processing_jobs_ready took its place.
DROP INDEX CONCURRENTLY IF EXISTS processing_jobs_pending;

-- lathe: no transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS lathe_releases_processing ON releases (id) WHERE status = 'PROCESSING';

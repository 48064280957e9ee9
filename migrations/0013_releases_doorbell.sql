-- A release that is handed to processing wakes the worker that fans it out.
CREATE TRIGGER lathe_releases_doorbell AFTER INSERT OR UPDATE OF status ON releases
    FOR EACH STATEMENT EXECUTE FUNCTION lathe_ring('processing');

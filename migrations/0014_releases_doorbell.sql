-- A release that is handed to processing wakes the worker that fans it out.
CREATE TRIGGER lathe_releases_doorbell AFTER UPDATE OF status ON releases
    FOR EACH ROW WHEN (NEW.status = 'PROCESSING' AND OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION lathe_ring('processing');
CREATE TRIGGER lathe_releases_doorbell_new AFTER INSERT ON releases
    FOR EACH ROW WHEN (NEW.status = 'PROCESSING') EXECUTE FUNCTION lathe_ring('processing');

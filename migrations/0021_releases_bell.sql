-- A file of its own, so that one of the application's tables at a time is locked.
DROP TRIGGER lathe_releases_doorbell ON releases;
CREATE TRIGGER lathe_releases_doorbell AFTER UPDATE OF status ON releases FOR EACH ROW
    WHEN (
        NEW.status = 'PROCESSING' AND OLD.status IS DISTINCT FROM NEW.status
        AND has_sequence_privilege('lathe_processing_armed_until'::regclass, 'SELECT')
        AND to_timestamp(pg_sequence_last_value('lathe_processing_armed_until'::regclass)) > clock_timestamp())
    EXECUTE FUNCTION lathe_ring('processing');
DROP TRIGGER lathe_releases_doorbell_new ON releases;
CREATE TRIGGER lathe_releases_doorbell_new AFTER INSERT ON releases FOR EACH ROW
    WHEN (
        NEW.status = 'PROCESSING'
        AND has_sequence_privilege('lathe_processing_armed_until'::regclass, 'SELECT')
        AND to_timestamp(pg_sequence_last_value('lathe_processing_armed_until'::regclass)) > clock_timestamp())
    EXECUTE FUNCTION lathe_ring('processing');

-- A file of its own, so that one table at a time is locked.
ALTER TABLE releases ADD COLUMN IF NOT EXISTS processing_error text;

COMMENT ON COLUMN releases.processing_error IS 'Why a PROCESSING release cannot move on by itself.';

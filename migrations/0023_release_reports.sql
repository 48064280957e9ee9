-- A release as one programme, measured when its last track was done.
CREATE TABLE release_reports (
    release_id uuid PRIMARY KEY REFERENCES releases (id) ON DELETE CASCADE,
    track_count integer NOT NULL,
    duration_ms bigint NOT NULL,
    integrated_lufs double precision,
    loudness_range_lu double precision,
    true_peak_dbtp double precision,
    severity text CHECK (severity IN ('block', 'warn', 'note')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TRIGGER release_reports_updated_at BEFORE UPDATE ON release_reports
    FOR EACH ROW EXECUTE FUNCTION lathe_set_updated_at();

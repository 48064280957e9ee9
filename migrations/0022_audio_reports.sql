-- What was measured of a track's master, in the decode that cut its rendition.
CREATE TABLE audio_reports (
    track_id uuid PRIMARY KEY REFERENCES tracks (id) ON DELETE CASCADE,
    source_url text NOT NULL,
    source_bytes bigint NOT NULL,
    source_sha256 text NOT NULL CHECK (length(source_sha256) = 64),
    samples_sha256 text NOT NULL CHECK (length(samples_sha256) = 64),
    container text NOT NULL,
    codec text NOT NULL,
    sample_rate integer NOT NULL,
    channels integer NOT NULL,
    bits_per_sample integer,
    effective_bits integer,
    is_lossless boolean NOT NULL,
    sample_frames bigint NOT NULL CHECK (sample_frames > 0),
    integrated_lufs double precision,
    loudness_range_lu double precision,
    max_momentary_lufs double precision,
    max_short_term_lufs double precision,
    true_peak_dbtp double precision,
    sample_peak_dbfs double precision,
    severity text CHECK (severity IN ('block', 'warn', 'note')),
    findings jsonb NOT NULL,
    loudness_blocks jsonb NOT NULL,
    loudness_windows jsonb NOT NULL,
    fingerprint integer[],
    fingerprint_terms integer[],
    duplicates jsonb NOT NULL DEFAULT '[]',
    report_url text NOT NULL,
    page_url text NOT NULL,
    waveform_url text NOT NULL,
    lathe_version text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX audio_reports_samples ON audio_reports (samples_sha256);
CREATE INDEX audio_reports_fingerprint ON audio_reports USING gin (fingerprint_terms);

COMMENT ON COLUMN audio_reports.source_url IS 'tracks.audio_file_url that was measured; another one there makes the row stale.';
COMMENT ON COLUMN audio_reports.severity IS 'Of the gravest finding; NULL where there is none.';
COMMENT ON COLUMN audio_reports.loudness_blocks IS 'Histogram of gating blocks (BS.1770-4): those of several tracks add up to their album''s.';
COMMENT ON COLUMN audio_reports.fingerprint IS 'Chromaprint, raw: one number for each 0.124 s of the first two minutes.';
COMMENT ON COLUMN audio_reports.fingerprint_terms IS 'The fingerprint''s distinct numbers without their four lowest bits, to look for others by.';
COMMENT ON COLUMN audio_reports.duplicates IS 'Tracks that sounded the same when this one was measured: a hint, not a verdict.';

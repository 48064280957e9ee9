-- One row a running worker incarnation: it beats, and when it stops beating its jobs are taken back.
CREATE TABLE workers (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    host text NOT NULL,
    pid integer NOT NULL,
    version text NOT NULL,
    runs text[] NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    beat_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

COMMENT ON COLUMN workers.runs IS 'The job tables this incarnation works on.';

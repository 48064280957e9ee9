-- Uploads in parts that have begun and not ended: what the next try of the job goes on with. A row outlives its job, whose
-- parts somebody has to take back.
CREATE TABLE multipart_uploads (
    job_id uuid PRIMARY KEY,
    store text NOT NULL,
    key text NOT NULL,
    upload_id text NOT NULL,
    part_bytes bigint NOT NULL CHECK (part_bytes > 0),
    file_bytes bigint NOT NULL CHECK (file_bytes > 0),
    file_inode bigint NOT NULL,
    file_modified bigint NOT NULL,
    file_changed bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE multipart_parts (
    job_id uuid NOT NULL REFERENCES multipart_uploads (job_id) ON DELETE CASCADE,
    number integer NOT NULL CHECK (number > 0),
    etag text NOT NULL,
    crc32c text,
    PRIMARY KEY (job_id, number)
);

COMMENT ON COLUMN multipart_uploads.store IS 'Bucket, prefix and endpoint: no other store knows the upload.';
COMMENT ON COLUMN multipart_uploads.file_inode IS 'With size and time of change what tells the file that the parts are of.';
COMMENT ON COLUMN multipart_uploads.file_modified IS 'Nanoseconds since 1970.';
COMMENT ON COLUMN multipart_uploads.file_changed IS 'By the kernel (ctime), in nanoseconds since 1970.';

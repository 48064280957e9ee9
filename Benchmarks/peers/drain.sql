-- Lathe's claim and settle as one pgbench transaction: JobQueue's claim, its ids and leases collected into one row, and
-- its settle of a completed job, over all of the batch. Keep them as JobQueue has them; Benchmarks/queue compares the
-- claim with what Lathe sends.
WITH next AS MATERIALIZED (
    SELECT id FROM "upload_jobs"
    WHERE status = 'PENDING' AND run_after <= now()
        AND EXISTS (SELECT 1 FROM workers w WHERE w.id = :worker AND w.beat_at > now() - make_interval(secs => 15))
    ORDER BY run_after, id
    LIMIT :batch
    FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE "upload_jobs" AS job
    SET status = 'UPLOADING', worker_id = :worker, lease_token = gen_random_uuid(),
        attempt_count = attempt_count + 1, started_at = now(), finished_at = NULL
    FROM next
    WHERE job.id = next.id
    RETURNING job.*
)
SELECT coalesce(array_agg(id), '{}') AS ids, coalesce(array_agg(lease_token), '{}') AS leases FROM claimed
\gset
UPDATE "upload_jobs" AS job
SET status = 'COMPLETED', retry_count = 0, crash_count = 0, snooze_count = 0, error_log = NULL,
    run_after = now() + make_interval(secs => 0), worker_id = NULL, lease_token = NULL, finished_at = now()
FROM unnest(:ids::uuid[], :leases::uuid[]) AS ended (id, lease)
WHERE job.id = ended.id AND job.status = 'UPLOADING' AND job.lease_token = ended.lease;

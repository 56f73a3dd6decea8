-- Jobs that make reports: claimed with a lease, renewed, given up, finished and swept.

-- Claim the job that has waited longest, or one whose lease has run out. After `p_most` attempts a job fails instead.
-- Until the lease runs out no other replica takes the job, whether it is being made or waits for another attempt.
CREATE OR REPLACE FUNCTION claim_job(p_lease interval, p_most integer) RETURNS SETOF job
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE job
    SET state = 'failed', ended_at = clock_timestamp(), lease_until = NULL
    WHERE state IN ('queued', 'running') AND attempt >= p_most
        AND (lease_until IS NULL OR lease_until <= clock_timestamp());
    RETURN QUERY
    UPDATE job AS j
    SET state = 'running', attempt = j.attempt + 1, rows_done = 0, rows_total = NULL,
        lease_until = clock_timestamp() + p_lease
    WHERE j.id = (
        SELECT w.id
        FROM job AS w
        WHERE w.state IN ('queued', 'running') AND (w.lease_until IS NULL OR w.lease_until <= clock_timestamp())
        ORDER BY w.asked_at
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    )
    RETURNING j.*;
END
$$;
GRANT EXECUTE ON FUNCTION claim_job(interval, integer) TO reports_background;

-- Renew the lease of a job that is still being made. Return false if it was stopped or taken over.
CREATE OR REPLACE FUNCTION keep_job(p_id uuid, p_attempt integer, p_lease interval, p_done bigint, p_total bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE job
    SET lease_until = clock_timestamp() + p_lease, rows_done = p_done, rows_total = p_total
    WHERE id = p_id AND attempt = p_attempt AND state = 'running';
    RETURN FOUND;
END
$$;
GRANT EXECUTE ON FUNCTION keep_job(uuid, integer, interval, bigint, bigint) TO reports_background;

-- Give a job up: for another attempt after a while (`queued`) or for good (`failed`). The attempt's chunks are deleted,
-- unless it has finished: a replica that is stopped just after its commit gives up a job that is ready.
CREATE OR REPLACE FUNCTION drop_job(p_id uuid, p_attempt integer, p_state text, p_wait interval) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE job
    SET state = p_state,
        lease_until = CASE WHEN p_state = 'queued' THEN clock_timestamp() + p_wait END,
        ended_at = CASE WHEN p_state = 'failed' THEN clock_timestamp() END
    WHERE id = p_id AND attempt = p_attempt AND state = 'running';
    PERFORM delete_chunks(p_id, p_attempt);
END
$$;
GRANT EXECUTE ON FUNCTION drop_job(uuid, integer, text, interval) TO reports_background;

-- Delete the chunks of an attempt, unless they are the file of a job that is ready.
CREATE OR REPLACE FUNCTION delete_chunks(p_id uuid, p_attempt integer) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM chunk AS c
    WHERE c.job_id = p_id AND c.attempt = p_attempt AND NOT EXISTS (
        SELECT FROM job AS j WHERE j.id = p_id AND j.attempt = p_attempt AND j.state = 'ready'
    );
END
$$;

-- Mark a job's file as complete. Return false if it is not being made by this attempt: it was stopped, taken over, or
-- finished before. This attempt's chunks are then deleted, unless they are the finished file.
CREATE OR REPLACE FUNCTION finish_job(
    p_id uuid, p_attempt integer, p_life interval, p_records bigint, p_size bigint, p_chunks integer, p_sha256 text
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE job
    SET state = 'ready', ended_at = clock_timestamp(), expires_at = clock_timestamp() + p_life, lease_until = NULL,
        rows_done = p_records, rows_total = p_records, records = p_records, size = p_size, chunks = p_chunks,
        sha256 = p_sha256
    WHERE id = p_id AND attempt = p_attempt AND state = 'running';
    IF FOUND THEN
        RETURN true;
    END IF;
    PERFORM delete_chunks(p_id, p_attempt);
    RETURN false;
END
$$;
GRANT EXECUTE ON FUNCTION finish_job(uuid, integer, interval, bigint, bigint, integer, text) TO reports_background;

-- Delete expired files and leftover chunks, and delete jobs after 30 days. Return how many files expired.
CREATE OR REPLACE FUNCTION sweep_jobs() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    expired bigint;
BEGIN
    UPDATE job SET state = 'expired' WHERE state = 'ready' AND expires_at < clock_timestamp();
    GET DIAGNOSTICS expired = ROW_COUNT;
    DELETE FROM chunk AS c USING job AS j
    WHERE j.id = c.job_id AND (j.state IN ('queued', 'failed', 'stopped', 'expired') OR c.attempt < j.attempt);
    DELETE FROM job WHERE asked_at < clock_timestamp() - interval '30 days';
    RETURN expired;
END
$$;
GRANT EXECUTE ON FUNCTION sweep_jobs() TO reports_background;

-- Return how many jobs no replica has taken up, and for how many seconds the oldest of them has waited.
CREATE OR REPLACE FUNCTION measure_jobs(OUT waiting bigint, OUT oldest_seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(j.asked_at)), 0)::double precision
    FROM job AS j
    WHERE j.state = 'queued'
$$;
GRANT EXECUTE ON FUNCTION measure_jobs() TO reports_background;

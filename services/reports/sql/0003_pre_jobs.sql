-- Reports that people asked for: one job each, made by whichever replica is free, kept for an hour in chunks.

-- `attempt` is a fence: it goes up each time that somebody takes the job, and what an earlier taker still does has no
-- effect. The choices are codes; `records` says how many records the file holds, and `sha256` which file it was.
CREATE TABLE job (
    id uuid PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    edition text NOT NULL,
    user_id uuid NOT NULL,
    session_id uuid NOT NULL,
    report text NOT NULL,
    organisation_id uuid,
    age text,
    options jsonb NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'queued'
    CHECK (state IN ('queued', 'running', 'ready', 'failed', 'stopped', 'expired')),
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempt integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    rows_done bigint NOT NULL DEFAULT 0,
    rows_total bigint,
    ended_at timestamptz,
    expires_at timestamptz,
    records bigint,
    size bigint,
    chunks integer,
    sha256 text,
    downloads integer NOT NULL DEFAULT 0
);
CREATE INDEX job_waiting ON job (asked_at) WHERE state IN ('queued', 'running');
CREATE INDEX job_of_user ON job (user_id, register_code, asked_at DESC);
CREATE INDEX job_expiring ON job (expires_at) WHERE state = 'ready';

CREATE TABLE chunk (
    job_id uuid NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    attempt integer NOT NULL,
    number integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (job_id, attempt, number)
);
ALTER TABLE chunk ALTER COLUMN content SET STORAGE EXTERNAL; -- compressed already

-- Take the job that waits longest, or one whose taker has gone silent; after `p_most` attempts it fails instead. Until the
-- lease is over nobody else takes it: neither while it is made nor while it waits for another attempt.
CREATE FUNCTION claim_job(p_lease interval, p_most integer) RETURNS SETOF job
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

-- Say that the job is still being made; false when it was stopped or taken over.
CREATE FUNCTION keep_job(p_id uuid, p_attempt integer, p_lease interval, p_done bigint, p_total bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE job
    SET lease_until = clock_timestamp() + p_lease, rows_done = p_done, rows_total = p_total
    WHERE id = p_id AND attempt = p_attempt AND state = 'running';
    RETURN FOUND;
END
$$;

-- Give it up: for another attempt after a while (`queued`) or for good (`failed`). Nothing of the attempt stays.
CREATE FUNCTION drop_job(p_id uuid, p_attempt integer, p_state text, p_wait interval) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM chunk WHERE job_id = p_id AND attempt = p_attempt;
    UPDATE job
    SET state = p_state,
        lease_until = CASE WHEN p_state = 'queued' THEN clock_timestamp() + p_wait END,
        ended_at = CASE WHEN p_state = 'failed' THEN clock_timestamp() END
    WHERE id = p_id AND attempt = p_attempt AND state = 'running';
END
$$;

-- The file is whole: false when the job was stopped or taken over, and then none of this attempt's chunks stay.
CREATE FUNCTION finish_job(
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
    DELETE FROM chunk WHERE job_id = p_id AND attempt = p_attempt;
    RETURN false;
END
$$;

-- Remove the files whose time is over and what attempts have left; after a month the jobs too. How many files went.
CREATE FUNCTION sweep_jobs() RETURNS bigint
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

-- These people are on no register any more: their copies go, and every file that was made from any of those registers; one
-- that is being made is begun anew.
CREATE FUNCTION drop_copies(p_gone uuid []) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    emptied text [];
BEGIN
    WITH dropped AS (
        DELETE FROM record_copy WHERE record_id = ANY(p_gone) RETURNING register_code
    )
    SELECT array_agg(DISTINCT d.register_code) INTO emptied FROM dropped AS d;
    DELETE FROM outcome_copy WHERE record_id = ANY(p_gone);
    IF emptied IS NOT NULL THEN
        UPDATE job
        SET state = CASE state WHEN 'ready' THEN 'expired' ELSE 'queued' END, lease_until = NULL
        WHERE state IN ('ready', 'running') AND register_code = ANY(emptied);
        DELETE FROM chunk AS c USING job AS j
        WHERE j.id = c.job_id AND j.state = 'expired' AND j.register_code = ANY(emptied);
    END IF;
END
$$;

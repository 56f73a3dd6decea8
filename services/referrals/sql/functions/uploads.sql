-- Uploads of spreadsheets, as the background job works on them: claimed with a lease, renewed, given up and swept. What it
-- reads and writes of one upload is done in the context of its user.

-- Claim the upload that has waited longest, or one whose lease has run out. After `p_most` tries without getting further
-- an upload fails instead. Until the lease runs out no other replica takes the upload.
CREATE OR REPLACE FUNCTION claim_upload(p_lease interval, p_most integer) RETURNS SETOF upload
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE upload
    SET state = 'failed', fault = 'broken', ended_at = clock_timestamp(), lease_until = NULL
    WHERE state IN ('reading', 'checking', 'processing') AND tries >= p_most
        AND (lease_until IS NULL OR lease_until <= clock_timestamp());
    RETURN QUERY
    UPDATE upload AS u
    SET attempt = u.attempt + 1, tries = u.tries + 1, lease_until = clock_timestamp() + p_lease
    WHERE u.id = (
        SELECT w.id
        FROM upload AS w
        WHERE w.state IN ('reading', 'checking', 'processing')
            AND (w.lease_until IS NULL OR w.lease_until <= clock_timestamp())
        ORDER BY w.uploaded_at
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    )
    RETURNING u.*;
END
$$;
GRANT EXECUTE ON FUNCTION claim_upload(interval, integer) TO referrals_background;

-- Renew the lease of an upload that is still worked on in this state. Return false if it was cancelled or taken over, or
-- if this step has just ended: then the next one waits for no lease.
CREATE OR REPLACE FUNCTION keep_upload(p_id uuid, p_attempt integer, p_state text, p_lease interval) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE upload
    SET lease_until = clock_timestamp() + p_lease
    WHERE id = p_id AND attempt = p_attempt AND state = p_state;
    RETURN FOUND;
END
$$;
GRANT EXECUTE ON FUNCTION keep_upload(uuid, integer, text, interval) TO referrals_background;

-- Give an upload up: for another attempt after a while, or for good with the fault that stopped it. An attempt that does
-- not `p_count` was ended by something else than the upload. Return false if another attempt has it, or it needs no more
-- work.
CREATE OR REPLACE FUNCTION drop_upload(
    p_id uuid, p_attempt integer, p_state text, p_wait interval, p_count boolean, p_fault text, p_life interval
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE upload
    SET lease_until = CASE WHEN p_fault IS NULL THEN clock_timestamp() + p_wait END,
        tries = CASE WHEN p_count THEN tries ELSE greatest(tries - 1, 0) END,
        state = CASE WHEN p_fault IS NULL THEN state ELSE 'failed' END,
        fault = p_fault,
        ended_at = CASE WHEN p_fault IS NOT NULL THEN clock_timestamp() END,
        expires_at = CASE WHEN p_fault IS NULL THEN expires_at ELSE clock_timestamp() + p_life END
    WHERE id = p_id AND attempt = p_attempt AND state = p_state;
    RETURN FOUND;
END
$$;
GRANT EXECUTE ON FUNCTION drop_upload(uuid, integer, text, interval, boolean, text, interval) TO referrals_background;

-- Cancel uploads that nobody has finished, and delete the files, rows and names of uploads that have expired. Their
-- counts stay. Return how many were cleared.
CREATE OR REPLACE FUNCTION sweep_uploads() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    cleared uuid [];
BEGIN
    UPDATE upload SET state = 'cancelled', ended_at = clock_timestamp(), lease_until = NULL
    WHERE ended_at IS NULL AND expires_at < clock_timestamp() AND state IN ('receiving', 'mapping', 'checked');
    WITH due AS (
        UPDATE upload
        SET file_name = '', headings = '{}', reading = NULL, found_columns = '[]', found_values = '[]', mapping = NULL,
            authority = NULL
        WHERE ended_at IS NOT NULL AND expires_at < clock_timestamp() AND file_name <> ''
        RETURNING id
    )
    SELECT coalesce(array_agg(d.id), '{}') INTO cleared FROM due AS d;
    DELETE FROM upload_chunk WHERE upload_id = ANY(cleared);
    DELETE FROM upload_row WHERE upload_id = ANY(cleared);
    RETURN cardinality(cleared);
END
$$;
GRANT EXECUTE ON FUNCTION sweep_uploads() TO referrals_background;

-- Return every record of the register that has one of these references or keys, in every compartment and state. `rule` is
-- null for a reference.
CREATE OR REPLACE FUNCTION match_uploaded(p_register text, p_references text [], p_keys text [])
RETURNS TABLE (sought text, record_id uuid, rule text, is_open boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT r.reference, r.id, NULL, r.is_open
    FROM record AS r
    WHERE r.register_code = p_register AND r.reference = ANY(p_references)
    UNION ALL
    SELECT k.key, r.id, k.rule, r.is_open
    FROM record_key AS k
    JOIN record AS r ON r.id = k.record_id
    WHERE k.register_code = p_register AND k.key = ANY(p_keys)
$$;
GRANT EXECUTE ON FUNCTION match_uploaded(text, text [], text []) TO referrals_background;

-- Return how many rows of an upload are said to be on the register, but have no record there.
CREATE OR REPLACE FUNCTION count_lost_rows(p_upload uuid) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT count(*)
    FROM upload_row AS w
    WHERE w.upload_id = p_upload AND w.is_processed AND NOT EXISTS (SELECT FROM record AS r WHERE r.id = w.record_id)
$$;
GRANT EXECUTE ON FUNCTION count_lost_rows(uuid) TO referrals_background;

-- Cancel the open upload of the user whose context this is, if they no longer reach all its records: they cannot see it,
-- and it would keep them from beginning another one.
CREATE OR REPLACE FUNCTION cancel_unreached() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE upload
    SET state = 'cancelled', ended_at = clock_timestamp(), lease_until = NULL, expires_at = clock_timestamp()
    WHERE ended_at IS NULL
        AND user_id = nullif(current_setting('app.user', true), '')::uuid
        AND register_code = current_setting('app.register', true)
        AND current_setting('app.all', true) <> '1'
        AND NOT compartment_ids <@ coalesce(nullif(current_setting('app.compartments', true), '')::uuid [], '{}');
END
$$;
GRANT EXECUTE ON FUNCTION cancel_unreached() TO referrals_app;

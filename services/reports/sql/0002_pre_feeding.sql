-- Taking pages of a feed into the copies. Two lanes: `live` follows the feed's end, `rebuild` goes through all of it again
-- beside it. A page is applied only where the lane still stands where the page was read from: of two replicas that read
-- the same page one applies it, and neither can leave a hole.

-- Move a lane on; the generation that its rows belong to, or null where another was quicker.
CREATE FUNCTION move_feed(p_source text, p_lane text, p_seen bigint, p_last bigint, p_complete_at timestamptz)
RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    the_generation integer;
BEGIN
    IF p_lane = 'live' THEN
        UPDATE feed
        SET sequence = p_last, complete_at = greatest(complete_at, p_complete_at)
        WHERE source = p_source AND sequence = p_seen
        RETURNING generation INTO the_generation;
    ELSE
        UPDATE feed
        SET rebuild_sequence = p_last
        WHERE source = p_source AND rebuild_sequence = p_seen
        RETURNING generation INTO the_generation;
    END IF;
    RETURN the_generation;
END
$$;

-- Apply a page of records; false where another was quicker. A row gives way to one from further on in the feed, and in a
-- rebuild to whatever the source says now. Stored files may hold a person who is gone: they go too.
CREATE FUNCTION apply_records(
    p_lane text, p_seen bigint, p_last bigint, p_complete_at timestamptz, p_records jsonb, p_gone uuid []
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    the_generation integer := move_feed('referrals', p_lane, p_seen, p_last, p_complete_at);
    different bigint;
BEGIN
    IF the_generation IS NULL THEN
        RETURN false;
    END IF;
    IF p_lane = 'rebuild' THEN
        SELECT count(*) INTO different
        FROM jsonb_to_recordset(p_records) AS r (
            record_id uuid, sequence bigint, version integer, status smallint, answers jsonb, counted text []
        )
        INNER JOIN feed AS f ON f.source = 'referrals'
        LEFT JOIN record_copy AS c ON c.record_id = r.record_id
        WHERE r.sequence <= f.sequence
            AND (c.record_id IS NULL OR c.sequence < r.sequence OR c.sequence = r.sequence
                AND (c.version, c.status, c.answers, c.counted)
                    IS DISTINCT FROM (r.version, r.status, r.answers, r.counted));
        UPDATE feed SET mended = mended + different WHERE source = 'referrals' AND different > 0;
    END IF;
    INSERT INTO record_copy AS c
    SELECT
        r.record_id, r.sequence, the_generation, r.register_code, r.edition, r.reference, r.version, r.organisation_id,
        r.status, r.created_by, r.created_at, r.updated_at, r.rated_at, r.archived_at, r.born, r.answers, r.counted,
        r.recount_on
    FROM jsonb_to_recordset(p_records) AS r (
        record_id uuid, sequence bigint, register_code text, edition text, reference text, version integer,
        organisation_id uuid, status smallint, created_by text, created_at timestamptz, updated_at timestamptz,
        rated_at timestamptz, archived_at timestamptz, born date, answers jsonb, counted text [], recount_on date
    )
    ON CONFLICT (record_id) DO UPDATE SET
        sequence = excluded.sequence,
        generation = excluded.generation,
        register_code = excluded.register_code,
        edition = excluded.edition,
        reference = excluded.reference,
        version = excluded.version,
        organisation_id = excluded.organisation_id,
        status = excluded.status,
        created_by = excluded.created_by,
        created_at = excluded.created_at,
        updated_at = excluded.updated_at,
        rated_at = excluded.rated_at,
        archived_at = excluded.archived_at,
        born = excluded.born,
        answers = excluded.answers,
        counted = excluded.counted,
        recount_on = excluded.recount_on
    WHERE c.generation < excluded.generation
        OR (c.sequence < excluded.sequence AND c.version <= excluded.version);
    PERFORM drop_copies(p_gone);
    RETURN true;
END
$$;

CREATE FUNCTION apply_outcomes(
    p_lane text, p_seen bigint, p_last bigint, p_complete_at timestamptz, p_outcomes jsonb, p_gone uuid []
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    the_generation integer := move_feed('outcomes', p_lane, p_seen, p_last, p_complete_at);
BEGIN
    IF the_generation IS NULL THEN
        RETURN false;
    END IF;
    INSERT INTO outcome_copy AS c
    SELECT
        o.outcome_id, o.record_id, o.sequence, the_generation, o.edition, o.recorded_by, o.recorded_at, o.answers
    FROM jsonb_to_recordset(p_outcomes) AS o (
        outcome_id uuid, record_id uuid, sequence bigint, edition text, recorded_by text, recorded_at timestamptz,
        answers jsonb
    )
    ON CONFLICT (outcome_id) DO UPDATE SET
        record_id = excluded.record_id,
        sequence = excluded.sequence,
        generation = excluded.generation,
        edition = excluded.edition,
        recorded_by = excluded.recorded_by,
        recorded_at = excluded.recorded_at,
        answers = excluded.answers
    WHERE c.generation < excluded.generation OR c.sequence < excluded.sequence;
    DELETE FROM outcome_copy WHERE outcome_id = ANY(p_gone);
    RETURN true;
END
$$;

-- Count these records anew, each unless it has come anew from its source meanwhile. How many there were.
CREATE FUNCTION recount(p_rows jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    recounted bigint;
BEGIN
    UPDATE record_copy AS c
    SET counted = r.counted, recount_on = r.recount_on
    FROM jsonb_to_recordset(p_rows) AS r (record_id uuid, sequence bigint, counted text [], recount_on date)
    WHERE c.record_id = r.record_id AND c.sequence = r.sequence AND c.recount_on IS DISTINCT FROM r.recount_on;
    GET DIAGNOSTICS recounted = ROW_COUNT;
    RETURN recounted;
END
$$;

-- Records whose day has come. SECURITY DEFINER: they are of all registers and organisations.
CREATE FUNCTION find_overdue(p_day date, p_most integer) RETURNS TABLE (
    record_id uuid, sequence bigint, register_code text, counted text [], born date
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT c.record_id, c.sequence, c.register_code, c.counted, c.born
    FROM record_copy AS c
    WHERE c.recount_on <= p_day
    LIMIT p_most
$$;

-- Go through the whole feed again, from zero; not where that is under way or was done since less than `p_fresh`. The
-- copies stay readable.
CREATE FUNCTION begin_rebuild(p_source text, p_fresh interval) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE feed
    SET generation = generation + 1, rebuild_sequence = 0, mended = 0, wanted = true
    WHERE source = p_source AND rebuild_sequence IS NULL
        AND (rebuilt_at IS NULL OR rebuilt_at <= clock_timestamp() - p_fresh);
    RETURN FOUND;
END
$$;

-- What the whole feed did not hold is no more. How many rows the rebuild found wrong; null where another has ended it. A
-- source that was restored from a backup gives its sequences out again: what is new is read from its present end on.
CREATE FUNCTION end_rebuild(p_source text, p_seen bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    the_generation integer;
    wrong bigint;
    left_over uuid [];
BEGIN
    UPDATE feed
    SET rebuild_sequence = NULL, rebuilt_at = clock_timestamp(), sequence = least(sequence, p_seen)
    WHERE source = p_source AND rebuild_sequence = p_seen
    RETURNING generation, mended INTO the_generation, wrong;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF p_source = 'referrals' THEN
        left_over := ARRAY(SELECT record_id FROM record_copy WHERE generation < the_generation);
        PERFORM drop_copies(left_over);
    ELSE
        left_over := ARRAY(SELECT outcome_id FROM outcome_copy WHERE generation < the_generation);
        DELETE FROM outcome_copy WHERE outcome_id = ANY(left_over);
    END IF;
    RETURN wrong + cardinality(left_over);
END
$$;

-- Applies the pages of a feed to the copies. There are two lanes: `live` follows the end of the feed, and `rebuild`
-- goes through all of it again at the same time. A page is applied only if the lane is still where the page was read
-- from. So if two replicas read the same page, one of them applies it, and neither can leave a gap.

-- Move a lane forward. Return the generation of its rows, or null if another replica was faster.
CREATE OR REPLACE FUNCTION move_feed(
    p_source text, p_lane text, p_seen bigint, p_last bigint, p_complete_at timestamptz
) RETURNS integer
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
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

-- Return the rows of a page of records. The answers come as text.
CREATE OR REPLACE FUNCTION read_record_copies(p_records jsonb) RETURNS TABLE (
    record_id uuid, sequence bigint, register_code text, edition text, reference text, version integer,
    organisation_id uuid, compartment_id uuid, bodies text [], state text, is_open boolean, created_by text,
    created_at timestamptz, updated_at timestamptz, rated_at timestamptz, ended_at timestamptz, born date, answers jsonb,
    counted jsonb, recount_on date, moves jsonb, holder text, person_id uuid, sort_name text, leaving jsonb
)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT
        r.record_id, r.sequence, r.register_code, r.edition, r.reference, r.version, r.organisation_id,
        r.compartment_id, r.bodies, r.state, r.is_open, r.created_by, r.created_at, r.updated_at, r.rated_at, r.ended_at,
        r.born, r.answers::jsonb, r.counted, r.recount_on, r.moves, r.holder, r.person_id, r.sort_name, r.leaving::jsonb
    FROM jsonb_array_elements(p_records) AS e (item)
    CROSS JOIN LATERAL jsonb_to_record(e.item) AS r (
        record_id uuid, sequence bigint, register_code text, edition text, reference text, version integer,
        organisation_id uuid, compartment_id uuid, bodies text [], state text, is_open boolean, created_by text,
        created_at timestamptz, updated_at timestamptz, rated_at timestamptz, ended_at timestamptz, born date,
        answers text, counted jsonb, recount_on date, moves jsonb,
        holder text, person_id uuid, sort_name text, leaving text
    )
    WHERE check_keys(e.item, ARRAY[
        'record_id', 'sequence', 'register_code', 'edition', 'reference', 'version', 'organisation_id',
        'compartment_id', 'bodies', 'state', 'is_open', 'created_by', 'created_at', 'updated_at', 'rated_at', 'ended_at',
        'born', 'answers', 'counted', 'recount_on', 'moves', 'holder', 'person_id', 'sort_name', 'leaving'
    ])
$$;

-- Return how many of these records differ from the copies. Records beyond the end of the live lane do not count.
CREATE OR REPLACE FUNCTION count_different(p_records jsonb) RETURNS bigint
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT count(*)
    FROM read_record_copies(p_records) AS r
    INNER JOIN feed AS f ON f.source = 'referrals'
    LEFT JOIN record_copy AS c ON c.record_id = r.record_id
    WHERE r.sequence <= f.sequence
        AND (c.record_id IS NULL OR c.sequence < r.sequence OR c.sequence = r.sequence
            AND (c.version, c.compartment_id, c.state, c.is_open, c.answers, c.counted, c.moves, c.holder, c.person_id,
                c.sort_name, c.leaving)
                IS DISTINCT FROM (r.version, r.compartment_id, r.state, r.is_open, r.answers, r.counted, r.moves,
                r.holder, r.person_id, r.sort_name, r.leaving))
$$;

-- Store the records of a page, and the compartments that are new. That of an organisation has no bodies here, and needs
-- no row. A copy is replaced by one from further on in the feed, and in a rebuild by whatever the source holds now.
CREATE OR REPLACE FUNCTION store_records(p_generation integer, p_records jsonb) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    WITH page AS MATERIALIZED (
        SELECT
            r.record_id, r.sequence, r.register_code, r.edition, r.reference, r.version, r.organisation_id,
            r.compartment_id, r.bodies, r.state, r.is_open, r.created_by, r.created_at, r.updated_at, r.rated_at,
            r.ended_at, r.born, r.answers, r.counted, r.recount_on, r.moves, r.holder, r.person_id, r.sort_name,
            r.leaving
        FROM read_record_copies(p_records) AS r
        ), met AS (
        INSERT INTO compartment (compartment_id, register_code, bodies)
        SELECT DISTINCT r.compartment_id, r.register_code, r.bodies
        FROM page AS r
        WHERE r.bodies IS NOT NULL
        ON CONFLICT (compartment_id) DO NOTHING
    )
    INSERT INTO record_copy AS c (
        record_id, sequence, generation, register_code, edition, reference, version, organisation_id, compartment_id,
        state, is_open, created_by, created_at, updated_at, rated_at, ended_at, born, answers, counted, recount_on, moves,
        holder, person_id, sort_name, leaving
    )
    SELECT
        r.record_id, r.sequence, p_generation, r.register_code, r.edition, r.reference, r.version, r.organisation_id,
        r.compartment_id, r.state, r.is_open, r.created_by, r.created_at, r.updated_at, r.rated_at, r.ended_at, r.born,
        r.answers, r.counted, r.recount_on, r.moves, r.holder, r.person_id, r.sort_name, r.leaving
    FROM page AS r
    ON CONFLICT (record_id) DO UPDATE SET
        sequence = excluded.sequence,
        generation = excluded.generation,
        register_code = excluded.register_code,
        edition = excluded.edition,
        reference = excluded.reference,
        version = excluded.version,
        organisation_id = excluded.organisation_id,
        compartment_id = excluded.compartment_id,
        state = excluded.state,
        is_open = excluded.is_open,
        created_by = excluded.created_by,
        created_at = excluded.created_at,
        updated_at = excluded.updated_at,
        rated_at = excluded.rated_at,
        ended_at = excluded.ended_at,
        born = excluded.born,
        answers = excluded.answers,
        counted = excluded.counted,
        recount_on = excluded.recount_on,
        moves = excluded.moves,
        holder = excluded.holder,
        person_id = excluded.person_id,
        sort_name = excluded.sort_name,
        leaving = excluded.leaving
    WHERE c.generation < excluded.generation
        OR (c.sequence < excluded.sequence AND c.version <= excluded.version);
END
$$;

-- Apply a page of records. Return false if another replica was faster. Stored files may hold a deleted person, so they
-- are deleted too.
CREATE OR REPLACE FUNCTION apply_records(
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
        different := count_different(p_records);
        UPDATE feed SET mended = mended + different WHERE source = 'referrals' AND different > 0;
    END IF;
    PERFORM store_records(the_generation, p_records);
    PERFORM drop_copies(p_gone);
    RETURN true;
END
$$;
GRANT EXECUTE ON FUNCTION apply_records(text, bigint, bigint, timestamptz, jsonb, uuid []) TO reports_background;

-- Apply a page of outcomes. Return false if another replica was faster.
CREATE OR REPLACE FUNCTION apply_outcomes(
    p_lane text, p_seen bigint, p_last bigint, p_complete_at timestamptz, p_outcomes jsonb, p_gone uuid []
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    the_generation integer := move_feed('outcomes', p_lane, p_seen, p_last, p_complete_at);
BEGIN
    IF the_generation IS NULL THEN
        RETURN false;
    END IF;
    INSERT INTO outcome_copy AS c (
        outcome_id, record_id, sequence, generation, edition, recorded_by, recorded_at, answers
    )
    SELECT
        o.outcome_id, o.record_id, o.sequence, the_generation, o.edition, o.recorded_by, o.recorded_at, o.answers
    FROM jsonb_array_elements(p_outcomes) AS e (item)
    CROSS JOIN LATERAL jsonb_to_record(e.item) AS o (
        outcome_id uuid, record_id uuid, sequence bigint, edition text, recorded_by text, recorded_at timestamptz,
        answers jsonb
    )
    WHERE check_keys(e.item, ARRAY[
        'outcome_id', 'record_id', 'sequence', 'edition', 'recorded_by', 'recorded_at', 'answers'
    ])
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
GRANT EXECUTE ON FUNCTION apply_outcomes(text, bigint, bigint, timestamptz, jsonb, uuid []) TO reports_background;

-- Delete the copies of people who are no longer on a register, and every file made from that register. A file in the
-- making is started again.
CREATE OR REPLACE FUNCTION drop_copies(p_gone uuid []) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
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

-- Begin to read the whole feed again, from zero. Return false if a rebuild is under way or ended less than `p_fresh`
-- ago. The copies stay readable.
CREATE OR REPLACE FUNCTION begin_rebuild(p_source text, p_fresh interval) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE feed
    SET generation = generation + 1, rebuild_sequence = 0, mended = 0, wanted = true
    WHERE source = p_source AND rebuild_sequence IS NULL
        AND (rebuilt_at IS NULL OR rebuilt_at <= clock_timestamp() - p_fresh);
    RETURN FOUND;
END
$$;
GRANT EXECUTE ON FUNCTION begin_rebuild(text, interval) TO reports_background;

-- Delete the copies that the whole feed did not hold. Return how many rows the rebuild found wrong, or null if another
-- replica has ended it. A source that was restored from a backup assigns its sequences again, so the live lane
-- continues from the source's present end.
CREATE OR REPLACE FUNCTION end_rebuild(p_source text, p_seen bigint) RETURNS bigint
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
GRANT EXECUTE ON FUNCTION end_rebuild(text, bigint) TO reports_background;

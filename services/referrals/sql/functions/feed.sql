-- What other services copy: the records that changed, and their ratings over time.

-- Give a sequence to committed changes that have none, and return how many there were. One process does it at a time,
-- so that sequences become visible in their order. Rows that are being changed at this moment are left for the next
-- call.
CREATE OR REPLACE FUNCTION assign_feed() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    assigned bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM record_feed WHERE sequence IS NULL) THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '.feed', 0));
    UPDATE record_feed AS f
    SET sequence = nextval('record_feed_sequence')
    FROM (
        SELECT u.record_id FROM record_feed AS u WHERE u.sequence IS NULL LIMIT 5000 FOR UPDATE SKIP LOCKED
    ) AS waiting
    WHERE f.record_id = waiting.record_id;
    GET DIAGNOSTICS assigned = ROW_COUNT;
    RETURN assigned;
END
$$;

-- Return the records after a sequence, in order: at most `p_most`, of about `p_bytes` in all, and always at least one.
-- A deleted record has no register. `found` counts the rows before `p_bytes` limits them, and answers take the room that
-- they have as text within JSON. SECURITY DEFINER: reports reads all registers and compartments.
CREATE OR REPLACE FUNCTION read_feed(p_after bigint, p_most integer, p_bytes bigint) RETURNS TABLE (
    found bigint, sequence bigint, record_id uuid, register_code text, edition text, reference text, version integer,
    organisation_id uuid, bodies text [], state text, is_open boolean, created_by text, created_at timestamptz, updated_at timestamptz,
    rated_at timestamptz, ended_at timestamptz, born date, answers jsonb
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT
        p.found, p.sequence, p.record_id, p.register_code, p.edition, p.reference, p.version, p.organisation_id,
        p.bodies, p.state, p.is_open, p.created_by_name, p.created_at, p.updated_at, p.rated_at, p.ended_at, p.born, p.answers
    FROM (
        SELECT
            f.sequence, f.record_id, r.register_code, r.edition, r.reference, r.version, r.organisation_id,
            c.bodies, r.state, r.is_open, r.created_by_name, r.created_at, r.updated_at, r.rated_at, r.ended_at, r.born, r.answers,
            sum(coalesce(octet_length(to_json(r.answers::text)::text), 0) + 650) OVER (ORDER BY f.sequence) AS bytes,
            row_number() OVER (ORDER BY f.sequence) AS place,
            count(*) OVER () AS found
        FROM (
            SELECT w.sequence, w.record_id
            FROM record_feed AS w
            WHERE w.sequence > p_after
            ORDER BY w.sequence
            LIMIT p_most
        ) AS f
        LEFT JOIN record AS r ON r.id = f.record_id
        LEFT JOIN compartment AS c ON c.compartment_id = r.compartment_id
    ) AS p
    WHERE p.bytes <= p_bytes OR p.place = 1
    ORDER BY p.sequence
$$;

-- Return the ratings of some records in order, each with the time when it was given. `p_questions` are the questions
-- that hold the rating, one for each register and edition. Versions that did not change the rating are left out. A rating
-- that a spreadsheet dates was given on that day, which may be before the rating that it replaces.
-- SECURITY DEFINER: reports and outcomes read all registers and compartments.
CREATE OR REPLACE FUNCTION read_ratings(p_records uuid [], p_registers text [], p_editions text [], p_questions text [])
RETURNS TABLE (record_id uuid, since timestamptz, code text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
    SELECT v.record_id, coalesce(v.rated_at, v.changed_at), coalesce(v.answers ->> q.name, '')
    FROM record AS r
    INNER JOIN record_version AS v ON v.record_id = r.id
    INNER JOIN unnest(p_registers, p_editions, p_questions) AS q (register_code, edition, name)
        ON q.register_code = r.register_code AND q.edition = v.edition
    WHERE r.id = ANY(p_records) AND (v.version = 0 OR v.changes @> jsonb_build_array(jsonb_build_array(q.name)))
    ORDER BY v.record_id, v.version
$$;

-- Return what the feed says of records beyond their own row: who holds them, the person that they are linked as, and the
-- text by which lists sort their people. SECURITY DEFINER: reports reads all registers and compartments.
CREATE OR REPLACE FUNCTION read_people(p_records uuid [])
RETURNS TABLE (record_id uuid, holder text, person_id uuid, sort_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
    SELECT r.id, coalesce(h.user_name, r.created_by_name), l.person_id,
        coalesce(r.sort_name, lower(r.family_name) || ' ' || lower(r.given_name))
    FROM record AS r
    LEFT JOIN record_holding AS h ON h.record_id = r.id AND h.kind = 'holder' AND h.ended_at IS NULL
    LEFT JOIN person_link AS l ON l.record_id = r.id
    WHERE r.id = ANY(p_records)
$$;

-- Return why these records were archived, of those that are and where it was asked. SECURITY DEFINER: reports reads all
-- registers and compartments.
CREATE OR REPLACE FUNCTION read_leaving(p_records uuid []) RETURNS TABLE (record_id uuid, leaving jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT r.id, v.leaving
    FROM record AS r
    INNER JOIN record_version AS v ON v.record_id = r.id AND v.version = r.version
    WHERE r.id = ANY(p_records) AND NOT r.is_open AND v.leaving IS NOT NULL
$$;

-- Move records to the end of the feed, because something that it says of them has changed beside their own row.
CREATE OR REPLACE FUNCTION feed_again(p_records uuid []) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    INSERT INTO record_feed (record_id)
    SELECT r.id FROM record AS r WHERE r.id = ANY(p_records) ORDER BY r.id
    ON CONFLICT (record_id) DO UPDATE SET sequence = NULL
$$;

GRANT EXECUTE ON FUNCTION feed_again(uuid []) TO referrals_app;
GRANT EXECUTE ON FUNCTION
assign_feed(), read_feed(bigint, integer, bigint), read_ratings(uuid [], text [], text [], text []),
read_people(uuid []), read_leaving(uuid [])
TO referrals_background;

-- Counts of records by compartment and by creator, and of the whole register. Triggers keep them as deltas, which are
-- added to counters and checked.

-- Keep counts, words, search text and the list of records to settle equal to the records that a statement changed. Of a
-- record whose search text and scope stay, searches need the time alone.
CREATE OR REPLACE FUNCTION records_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    rewritten uuid [];
BEGIN
    rewritten := ARRAY(
        SELECT a.id
        FROM before AS b
        INNER JOIN after AS a ON a.id = b.id
        WHERE (b.register_code, b.created_by, b.compartment_id, b.is_open, b.search)
            IS DISTINCT FROM (a.register_code, a.created_by, a.compartment_id, a.is_open, a.search)
    );
    UPDATE record_search AS s SET updated_at = a.updated_at
    FROM after AS a
    WHERE s.record_id = a.id AND s.updated_at <> a.updated_at AND a.id <> ALL(rewritten);
    INSERT INTO record_unsettled (record_id)
    SELECT a.id
    FROM before AS b
    INNER JOIN after AS a ON a.id = b.id
    WHERE (b.given_name, b.family_name, b.born, b.nhs_number, b.is_open)
        IS DISTINCT FROM (a.given_name, a.family_name, a.born, a.nhs_number, a.is_open);
    IF cardinality(rewritten) = 0 THEN
        RETURN NULL;
    END IF;
    INSERT INTO delta (register_code, created_by, compartment_id, is_open, n)
    SELECT m.register_code, m.created_by, m.compartment_id, m.is_open, sum(m.n)
    FROM (
        SELECT b.register_code, b.created_by, b.compartment_id, b.is_open, -1 AS n
        FROM before AS b WHERE b.id = ANY(rewritten)
        UNION ALL
        SELECT a.register_code, a.created_by, a.compartment_id, a.is_open, 1 FROM after AS a WHERE a.id = ANY(rewritten)
    ) AS m
    GROUP BY GROUPING SETS (
        (m.register_code, m.is_open), (m.register_code, m.compartment_id, m.is_open),
        (m.register_code, m.created_by, m.compartment_id, m.is_open)
    )
    HAVING sum(m.n) <> 0;
    DELETE FROM record_search WHERE record_id = ANY(rewritten);
    DELETE FROM record_word WHERE record_id = ANY(rewritten);
    INSERT INTO record_search (record_id, register_code, compartment_id, created_by, updated_at, search)
    SELECT a.id, a.register_code, a.compartment_id, a.created_by, a.updated_at, without_numbers(a.search)
    FROM after AS a
    WHERE a.id = ANY(rewritten) AND a.is_open;
    INSERT INTO record_word (record_id, register_code, compartment_id, created_by, word)
    SELECT a.id, a.register_code, a.compartment_id, a.created_by, w.word
    FROM after AS a, unnest(string_to_array(ltrim(a.search), ' ')) AS w (word)
    WHERE a.id = ANY(rewritten) AND a.is_open AND w.word <> '';
    RETURN NULL;
END
$$;

-- Take a deleted record out of counts, words and search text.
CREATE OR REPLACE FUNCTION record_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO delta (register_code, created_by, compartment_id, is_open, n)
    VALUES (old.register_code, NULL, NULL, old.is_open, -1),
    (old.register_code, NULL, old.compartment_id, old.is_open, -1),
    (old.register_code, old.created_by, old.compartment_id, old.is_open, -1);
    DELETE FROM record_search WHERE record_id = old.id;
    DELETE FROM record_word WHERE record_id = old.id;
    RETURN NULL;
END
$$;

-- Add the deltas to the counters, and return how many there were. Do nothing while another replica is doing it.
CREATE OR REPLACE FUNCTION fold_deltas() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    folded bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM delta)
        OR NOT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.fold', 0)) THEN
        RETURN 0;
    END IF;
    WITH gone AS (
        DELETE FROM delta RETURNING register_code, created_by, compartment_id, is_open, n
    ), summed AS (
        INSERT INTO counter AS c (register_code, created_by, compartment_id, is_open, n)
        SELECT g.register_code, g.created_by, g.compartment_id, g.is_open, sum(g.n)
        FROM gone AS g
        GROUP BY g.register_code, g.created_by, g.compartment_id, g.is_open
        ORDER BY g.register_code, g.created_by, g.compartment_id, g.is_open
        ON CONFLICT ON CONSTRAINT counter_key DO UPDATE SET n = c.n + excluded.n
    )
    SELECT count(*) INTO folded FROM gone;
    RETURN folded;
END
$$;

-- Count the records themselves, and correct each wrong count by a delta of the difference. It is one statement, so all
-- counts are of one moment. Return how many counts were wrong; this should always be none.
CREATE OR REPLACE FUNCTION prove_counters() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    wrong bigint;
BEGIN
    WITH difference AS (
        SELECT r.register_code, r.created_by, r.compartment_id, r.is_open, count(*) AS n
        FROM record AS r
        GROUP BY GROUPING SETS (
            (r.register_code, r.is_open), (r.register_code, r.compartment_id, r.is_open),
            (r.register_code, r.created_by, r.compartment_id, r.is_open)
        )
        UNION ALL
        SELECT c.register_code, c.created_by, c.compartment_id, c.is_open, -c.n FROM counted AS c
    ), mended AS (
        INSERT INTO delta (register_code, created_by, compartment_id, is_open, n)
        SELECT register_code, created_by, compartment_id, is_open, sum(n)
        FROM difference
        GROUP BY register_code, created_by, compartment_id, is_open
        HAVING sum(n) <> 0
        RETURNING id
    )
    SELECT count(*) INTO wrong FROM mended;
    RETURN wrong;
END
$$;

-- Return how many open or ended records are in scope, exactly at one moment. Without compartments every compartment is
-- in scope. A user's own records are counted by creator.
CREATE OR REPLACE FUNCTION count_records(
    p_register text, p_compartments uuid [], p_user uuid, p_own boolean, p_open boolean
) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    CASE
        WHEN p_own THEN
            RETURN (
                SELECT coalesce(sum(c.n), 0) FROM counted AS c
                WHERE c.register_code = p_register AND c.created_by = p_user AND c.is_open = p_open
                    AND (p_compartments IS NULL OR c.compartment_id = ANY(p_compartments))
            );
        WHEN p_compartments IS NULL THEN
            RETURN (
                SELECT coalesce(sum(c.n), 0) FROM counted AS c
                WHERE c.register_code = p_register AND c.created_by IS NULL AND c.compartment_id IS NULL AND c.is_open = p_open
            );
        ELSE
            RETURN (
                SELECT coalesce(sum(c.n), 0) FROM counted AS c
                WHERE c.register_code = p_register AND c.created_by IS NULL AND c.compartment_id = ANY(p_compartments)
                    AND c.is_open = p_open
            );
    END CASE;
END
$$;

-- Return how many held records are open, in scope and created by others. `count_records` counts those that the user
-- created.
CREATE OR REPLACE FUNCTION count_held(p_register text, p_compartments uuid [], p_user uuid, p_held uuid []) RETURNS bigint
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT count(*)
    FROM record AS r
    WHERE r.id = ANY(p_held) AND r.register_code = p_register AND r.is_open AND r.created_by <> p_user
        AND (p_compartments IS NULL OR r.compartment_id = ANY(p_compartments))
$$;

GRANT EXECUTE ON FUNCTION
count_records(text, uuid [], uuid, boolean, boolean), count_held(text, uuid [], uuid, uuid [])
TO referrals_app;
GRANT EXECUTE ON FUNCTION fold_deltas(), prove_counters() TO referrals_background;

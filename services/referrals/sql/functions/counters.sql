-- Counts of records by organisation and by creator. Triggers keep them as deltas, which are added to counters and
-- checked.

CREATE OR REPLACE FUNCTION record_added() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO delta (register_code, created_by, organisation_id, status, n)
    SELECT a.register_code, NULL, a.organisation_id, a.status, count(*)
    FROM added AS a
    GROUP BY a.register_code, a.organisation_id, a.status
    UNION ALL
    SELECT a.register_code, a.created_by, a.organisation_id, a.status, count(*)
    FROM added AS a
    GROUP BY a.register_code, a.created_by, a.organisation_id, a.status;
    INSERT INTO record_search (record_id, register_code, organisation_id, search)
    SELECT a.id, a.register_code, a.organisation_id, a.search
    FROM added AS a
    WHERE a.status = 0;
    INSERT INTO record_word (record_id, register_code, organisation_id, created_by, word)
    SELECT a.id, a.register_code, a.organisation_id, a.created_by, w.word
    FROM added AS a, unnest(string_to_array(ltrim(a.search), ' ')) AS w (word)
    WHERE a.status = 0 AND w.word <> '';
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION record_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO delta (register_code, created_by, organisation_id, status, n)
    VALUES (old.register_code, NULL, old.organisation_id, old.status, -1),
    (old.register_code, old.created_by, old.organisation_id, old.status, -1);
    DELETE FROM record_search WHERE record_id = old.id;
    DELETE FROM record_word WHERE record_id = old.id;
    IF tg_op = 'DELETE' THEN
        RETURN NULL;
    END IF;
    INSERT INTO delta (register_code, created_by, organisation_id, status, n)
    VALUES (new.register_code, NULL, new.organisation_id, new.status, 1),
    (new.register_code, new.created_by, new.organisation_id, new.status, 1);
    IF new.status = 0 THEN
        INSERT INTO record_search (record_id, register_code, organisation_id, search)
        VALUES (new.id, new.register_code, new.organisation_id, new.search);
        INSERT INTO record_word (record_id, register_code, organisation_id, created_by, word)
        SELECT new.id, new.register_code, new.organisation_id, new.created_by, w.word
        FROM unnest(string_to_array(ltrim(new.search), ' ')) AS w (word)
        WHERE w.word <> '';
    END IF;
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
        DELETE FROM delta RETURNING register_code, created_by, organisation_id, status, n
    ), summed AS (
        INSERT INTO counter AS c (register_code, created_by, organisation_id, status, n)
        SELECT g.register_code, g.created_by, g.organisation_id, g.status, sum(g.n)
        FROM gone AS g
        GROUP BY g.register_code, g.created_by, g.organisation_id, g.status
        ORDER BY g.register_code, g.created_by, g.organisation_id, g.status
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
    WITH counted AS (
        SELECT register_code, NULL::uuid AS created_by, organisation_id, status, count(*) AS n
        FROM record
        GROUP BY register_code, organisation_id, status
        UNION ALL
        SELECT register_code, created_by, organisation_id, status, count(*) AS n
        FROM record
        GROUP BY register_code, created_by, organisation_id, status
        UNION ALL
        SELECT register_code, created_by, organisation_id, status, -n FROM counter
        UNION ALL
        SELECT register_code, created_by, organisation_id, status, -n FROM delta
    ), mended AS (
        INSERT INTO delta (register_code, created_by, organisation_id, status, n)
        SELECT register_code, created_by, organisation_id, status, sum(n)
        FROM counted
        GROUP BY register_code, created_by, organisation_id, status
        HAVING sum(n) <> 0
        RETURNING id
    )
    SELECT count(*) INTO wrong FROM mended;
    RETURN wrong;
END
$$;

-- Return how many active records are in scope. One statement reads counters and deltas, so the count is exact at its
-- moment.
CREATE OR REPLACE FUNCTION count_active(p_register text, p_orgs uuid [], p_user uuid, p_own boolean) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    IF p_own THEN
        RETURN (
            SELECT coalesce(sum(each.n), 0)
            FROM (
                SELECT c.n
                FROM counter AS c
                WHERE c.register_code = p_register AND c.created_by = p_user
                    AND c.organisation_id = ANY(p_orgs) AND c.status = 0
                UNION ALL
                SELECT d.n
                FROM delta AS d
                WHERE d.register_code = p_register AND d.created_by = p_user
                    AND d.organisation_id = ANY(p_orgs) AND d.status = 0
            ) AS each
        );
    END IF;
    RETURN (
        SELECT coalesce(sum(each.n), 0)
        FROM (
            SELECT c.n
            FROM counter AS c
            WHERE c.register_code = p_register AND c.created_by IS NULL
                AND c.organisation_id = ANY(p_orgs) AND c.status = 0
            UNION ALL
            SELECT d.n
            FROM delta AS d
            WHERE d.register_code = p_register AND d.created_by IS NULL
                AND d.organisation_id = ANY(p_orgs) AND d.status = 0
        ) AS each
    );
END
$$;

-- Return how many held records are active, in scope and created by others. `count_active` counts those the user
-- created.
CREATE OR REPLACE FUNCTION count_held(p_register text, p_orgs uuid [], p_user uuid, p_held uuid []) RETURNS bigint
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT count(*)
    FROM record AS r
    WHERE r.id = ANY(p_held) AND r.register_code = p_register AND r.organisation_id = ANY(p_orgs) AND r.status = 0
        AND r.created_by <> p_user
$$;

GRANT EXECUTE ON FUNCTION
fold_deltas(), prove_counters(), count_active(text, uuid [], uuid, boolean), count_held(text, uuid [], uuid, uuid [])
TO referrals_app;

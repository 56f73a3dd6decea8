-- Listing, searching and reading in one round trip each: the context is set and the reading audited in the same call.
-- Values in, rows out: what may be asked, and in which shape, is decided before. SECURITY INVOKER, so that row-level
-- security holds inside. The five functions that are called from outside are named in `store`.

CREATE FUNCTION set_scope(p_user uuid, p_register text, p_role text, p_orgs uuid [], p_own boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM
        set_config('app.user', p_user::text, true),
        set_config('app.register', p_register, true),
        set_config('app.role', p_role, true),
        set_config('app.orgs', p_orgs::text, true),
        set_config('app.own', CASE WHEN p_own THEN '1' ELSE '' END, true);
END
$$;

-- How many active records are in scope: counters and deltas in one statement, so exact at its moment.
CREATE FUNCTION count_active(p_register text, p_orgs uuid [], p_user uuid, p_own boolean) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
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

-- Ids of active records, the last updated first: after a place in the list, or from its head. One query for each shape,
-- since `organisation_id = ANY` for one organisation takes the register's index and throws most of it away. The order is
-- the index's: without sorting, no plan can read all there is first, however few rows are guessed to be in scope.
CREATE FUNCTION ids_after(
    p_shape text, p_register text, p_orgs uuid [], p_user uuid, p_at timestamptz, p_id uuid, p_skip integer, p_take integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET enable_sort = off AS $$
DECLARE
    place_at timestamptz := coalesce(p_at, 'infinity');
    place_id uuid := coalesce(p_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
BEGIN
    CASE p_shape
        WHEN 'own' THEN
            RETURN ARRAY(
                SELECT r.id
                FROM record AS r
                WHERE r.register_code = p_register AND r.created_by = p_user AND r.status = 0
                    AND (r.updated_at, r.id) < (place_at, place_id)
                ORDER BY r.updated_at DESC, r.id DESC
                OFFSET p_skip LIMIT p_take
            );
        WHEN 'one' THEN
            RETURN ARRAY(
                SELECT r.id
                FROM record AS r
                WHERE r.register_code = p_register AND r.organisation_id = p_orgs[1] AND r.status = 0
                    AND (r.updated_at, r.id) < (place_at, place_id)
                ORDER BY r.updated_at DESC, r.id DESC
                OFFSET p_skip LIMIT p_take
            );
        WHEN 'few' THEN
            RETURN ARRAY(
                SELECT newest.id
                FROM unnest(p_orgs) AS o (id)
                CROSS JOIN LATERAL (
                    SELECT r.id, r.updated_at
                    FROM record AS r
                    WHERE r.register_code = p_register AND r.organisation_id = o.id AND r.status = 0
                        AND (r.updated_at, r.id) < (place_at, place_id)
                    ORDER BY r.updated_at DESC, r.id DESC
                    LIMIT p_skip + p_take
                ) AS newest
                ORDER BY newest.updated_at DESC, newest.id DESC
                OFFSET p_skip LIMIT p_take
            );
        ELSE
            RETURN ARRAY(
                SELECT r.id
                FROM record AS r
                WHERE r.register_code = p_register AND r.organisation_id = ANY(p_orgs) AND r.status = 0
                    AND (r.updated_at, r.id) < (place_at, place_id)
                ORDER BY r.updated_at DESC, r.id DESC
                OFFSET p_skip LIMIT p_take
            );
    END CASE;
END
$$;

-- The same backwards: the page that ends before a place.
CREATE FUNCTION ids_before(
    p_shape text, p_register text, p_orgs uuid [], p_user uuid, p_at timestamptz, p_id uuid, p_take integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET enable_sort = off AS $$
BEGIN
    CASE p_shape
        WHEN 'own' THEN
            RETURN ARRAY(
                SELECT r.id
                FROM record AS r
                WHERE r.register_code = p_register AND r.created_by = p_user AND r.status = 0
                    AND (r.updated_at, r.id) > (p_at, p_id)
                ORDER BY r.updated_at, r.id
                LIMIT p_take
            );
        WHEN 'one' THEN
            RETURN ARRAY(
                SELECT r.id
                FROM record AS r
                WHERE r.register_code = p_register AND r.organisation_id = p_orgs[1] AND r.status = 0
                    AND (r.updated_at, r.id) > (p_at, p_id)
                ORDER BY r.updated_at, r.id
                LIMIT p_take
            );
        WHEN 'few' THEN
            RETURN ARRAY(
                SELECT oldest.id
                FROM unnest(p_orgs) AS o (id)
                CROSS JOIN LATERAL (
                    SELECT r.id, r.updated_at
                    FROM record AS r
                    WHERE r.register_code = p_register AND r.organisation_id = o.id AND r.status = 0
                        AND (r.updated_at, r.id) > (p_at, p_id)
                    ORDER BY r.updated_at, r.id
                    LIMIT p_take
                ) AS oldest
                ORDER BY oldest.updated_at, oldest.id
                LIMIT p_take
            );
        ELSE
            RETURN ARRAY(
                SELECT r.id
                FROM record AS r
                WHERE r.register_code = p_register AND r.organisation_id = ANY(p_orgs) AND r.status = 0
                    AND (r.updated_at, r.id) > (p_at, p_id)
                ORDER BY r.updated_at, r.id
                LIMIT p_take
            );
    END CASE;
END
$$;

CREATE FUNCTION list_records(
    p_user uuid, p_session uuid, p_register text, p_role text, p_orgs uuid [], p_own boolean,
    p_shape text, p_skip integer, p_take integer,
    p_after_at timestamptz, p_after_id uuid, p_before_at timestamptz, p_before_id uuid
) RETURNS TABLE (
    total bigint, record_id uuid, given_name text, family_name text, organisation_id uuid, locality text, rating text,
    created_at timestamptz, updated_at timestamptz, rated_at timestamptz, created_by text
)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    all_there bigint;
    shown uuid [];
BEGIN
    PERFORM set_scope(p_user, p_register, p_role, p_orgs, p_own);
    all_there := count_active(p_register, p_orgs, p_user, p_own);
    IF p_before_at IS NOT NULL THEN
        shown := ids_before(p_shape, p_register, p_orgs, p_user, p_before_at, p_before_id, p_take);
    ELSE
        shown := ids_after(p_shape, p_register, p_orgs, p_user, p_after_at, p_after_id, p_skip, p_take);
    END IF;
    INSERT INTO audit (actor, session, action, register, subjects)
    VALUES (p_user, p_session, 'records.listed', p_register, shown);
    RETURN QUERY
    SELECT all_there, r.id, r.given_name, r.family_name, r.organisation_id, r.locality, r.rating,
        r.created_at, r.updated_at, r.rated_at, r.created_by_name
    FROM (VALUES (1)) AS head (n)
    LEFT JOIN record AS r ON r.id = ANY(shown)
    ORDER BY r.updated_at DESC, r.id DESC;
END
$$;

-- Ids of active records in which every pattern occurs; the first two narrow the index. SECURITY DEFINER, for its table
-- has no grants; what it gives back is looked up under row-level security, so an id too many would show nothing.
CREATE FUNCTION search_ids(p_shape text, p_register text, p_orgs uuid [], p_patterns text [], p_most integer)
RETURNS uuid []
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF p_shape IN ('one', 'few') THEN
        RETURN ARRAY(
            SELECT found.record_id
            FROM unnest(p_orgs) AS o (id)
            CROSS JOIN LATERAL (
                SELECT s.record_id
                FROM record_search AS s
                WHERE s.organisation_id = o.id
                    AND s.search LIKE p_patterns[1] AND s.search LIKE coalesce(p_patterns[2], p_patterns[1])
                    AND s.search LIKE ALL(p_patterns)
                    AND s.register_code = p_register
                LIMIT p_most
            ) AS found
            LIMIT p_most
        );
    END IF;
    RETURN ARRAY(
        SELECT s.record_id
        FROM record_search AS s
        WHERE s.search LIKE p_patterns[1] AND s.search LIKE coalesce(p_patterns[2], p_patterns[1])
            AND s.search LIKE ALL(p_patterns)
            AND s.register_code = p_register
            AND (s.organisation_id = ANY(p_orgs)) IS TRUE -- a filter: dozens of organisations would not narrow the index
        LIMIT p_most
    );
END
$$;

-- Ids of what a search finds. A single word is looked for at the beginning of words, by comparison; then within words,
-- if it is long enough (`p_within`) and there are not too many already. Several words are looked for by the index of
-- both. These are more than `p_most` when there are more; then the newest 100 in scope come along to be looked through,
-- so that what was just saved is among what is shown.
CREATE FUNCTION found_ids(
    p_shape text, p_register text, p_orgs uuid [], p_user uuid,
    p_beginning text, p_end text, p_within boolean, p_patterns text [], p_most integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE AS $$
DECLARE
    found_so_far uuid [];
BEGIN
    IF p_shape = 'own' THEN
        RETURN ARRAY(
            SELECT r.id
            FROM record AS r
            WHERE r.register_code = p_register AND r.created_by = p_user AND r.status = 0
                AND r.search LIKE ALL(p_patterns)
            LIMIT p_most + 1
        );
    END IF;
    IF cardinality(p_patterns) = 1 THEN
        found_so_far := ARRAY(
            SELECT w.record_id
            FROM record_word AS w
            WHERE w.register_code = p_register AND w.word >= p_beginning AND w.word < p_end
                AND w.organisation_id = ANY(p_orgs)
            LIMIT p_most + 1
        );
    END IF;
    IF cardinality(p_patterns) > 1 OR (p_within AND cardinality(found_so_far) <= p_most) THEN
        found_so_far := search_ids(p_shape, p_register, p_orgs, p_patterns, p_most + 1);
    END IF;
    IF cardinality(found_so_far) > p_most THEN
        found_so_far := found_so_far || ids_after(p_shape, p_register, p_orgs, p_user, NULL, NULL, 0, 100);
    END IF;
    RETURN found_so_far;
END
$$;

CREATE FUNCTION search_records(
    p_user uuid, p_session uuid, p_register text, p_role text, p_orgs uuid [], p_own boolean,
    p_shape text, p_skip integer, p_take integer,
    p_reference text, p_beginning text, p_end text, p_within boolean, p_patterns text [], p_most integer
) RETURNS TABLE (
    total bigint, matches integer, capped boolean,
    record_id uuid, given_name text, family_name text, organisation_id uuid, locality text, rating text,
    created_at timestamptz, updated_at timestamptz, rated_at timestamptz, created_by text
)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    all_there bigint;
    found_ones uuid [];
    more boolean;
    shown uuid [];
BEGIN
    PERFORM set_scope(p_user, p_register, p_role, p_orgs, p_own);
    all_there := count_active(p_register, p_orgs, p_user, p_own);
    IF p_reference IS NOT NULL THEN
        found_ones := ARRAY(SELECT r.id FROM record AS r WHERE r.reference = p_reference);
    ELSE
        found_ones := found_ids(
            p_shape, p_register, p_orgs, p_user, p_beginning, p_end, p_within, p_patterns, p_most
        );
    END IF;
    more := cardinality(found_ones) > p_most;
    found_ones := ARRAY(
        SELECT r.id
        FROM record AS r
        WHERE r.id = ANY(found_ones) AND r.status = 0
            AND (p_reference IS NOT NULL OR r.search LIKE ALL(p_patterns))
        ORDER BY r.updated_at DESC, r.id DESC
        LIMIT p_most
    );
    shown := found_ones[p_skip + 1 : p_skip + p_take];
    INSERT INTO audit (actor, session, action, register, subjects)
    VALUES (p_user, p_session, 'records.searched', p_register, shown);
    RETURN QUERY
    SELECT all_there, cardinality(found_ones), more,
        r.id, r.given_name, r.family_name, r.organisation_id, r.locality, r.rating,
        r.created_at, r.updated_at, r.rated_at, r.created_by_name
    FROM (VALUES (1)) AS head (n)
    LEFT JOIN record AS r ON r.id = ANY(shown)
    ORDER BY r.updated_at DESC, r.id DESC;
END
$$;

CREATE FUNCTION read_record(
    p_user uuid, p_session uuid, p_register text, p_role text, p_orgs uuid [], p_own boolean, p_record uuid
) RETURNS TABLE (
    record_id uuid, reference text, edition text, answers jsonb, version integer, organisation_id uuid,
    created_by_id uuid, created_by text, created_at timestamptz, updated_at timestamptz, rated_at timestamptz,
    updates integer, notes integer
)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    PERFORM set_scope(p_user, p_register, p_role, p_orgs, p_own);
    RETURN QUERY
    SELECT r.id, r.reference, r.edition, r.answers, r.version, r.organisation_id, r.created_by, r.created_by_name,
        r.created_at, r.updated_at, r.rated_at, r.updates,
        (SELECT count(*)::integer FROM note AS n WHERE n.record_id = p_record)
    FROM record AS r
    WHERE r.id = p_record AND r.register_code = p_register AND r.organisation_id = ANY(p_orgs) AND r.status = 0
        AND (NOT p_own OR r.created_by = p_user);
    IF FOUND THEN
        INSERT INTO audit (actor, session, action, register, subjects)
        VALUES (p_user, p_session, 'record.read', p_register, ARRAY[p_record]);
    END IF;
END
$$;

-- Lists that are narrowed by rating, locality and organisation, and sorted: by any heading while there are no more than
-- `p_reach` records, which are then read and put in order; longer ones stay in the order of the last update, for which
-- there are indexes. Searches count people and not their words.

-- Few different values, so one entry holds many records.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX record_by_rating_and_locality ON record (register_code, organisation_id, rating, locality)
WHERE status = 0;

-- The lines of a list, in the order of their ids; `answers` holds those to the questions named.
CREATE FUNCTION record_rows(p_shown uuid [], p_questions text []) RETURNS TABLE (
    place bigint, record_id uuid, given_name text, family_name text, organisation_id uuid, locality text, rating text,
    created_at timestamptz, updated_at timestamptz, rated_at timestamptz, created_by text, answers jsonb
)
LANGUAGE sql STABLE AS $$
    SELECT s.place, r.id, r.given_name, r.family_name, r.organisation_id, r.locality, r.rating,
        r.created_at, r.updated_at, r.rated_at, r.created_by_name,
        CASE WHEN cardinality(p_questions) > 0 THEN (
            SELECT jsonb_object_agg(q.name, r.answers -> q.name)
            FROM unnest(p_questions) AS q (name)
            WHERE r.answers ? q.name
        ) END
    FROM unnest(p_shown) WITH ORDINALITY AS s (id, place)
    JOIN record AS r ON r.id = s.id
$$;

-- squawk-ignore ban-drop-function
DROP FUNCTION list_records(
    uuid, uuid, text, text, uuid [], boolean, text, integer, integer, timestamptz, uuid, timestamptz, uuid
);
CREATE FUNCTION list_records(
    p_user uuid, p_session uuid, p_register text, p_role text, p_orgs uuid [], p_own boolean,
    p_shape text, p_skip integer, p_take integer,
    p_after_at timestamptz, p_after_id uuid, p_before_at timestamptz, p_before_id uuid,
    p_questions text [] DEFAULT '{}'
) RETURNS TABLE (
    total bigint, record_id uuid, given_name text, family_name text, organisation_id uuid, locality text, rating text,
    created_at timestamptz, updated_at timestamptz, rated_at timestamptz, created_by text, answers jsonb
)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    all_there bigint;
    held uuid [] := '{}';
    shown uuid [];
BEGIN
    PERFORM set_scope(p_user, p_register, p_role, p_orgs, p_own);
    all_there := count_active(p_register, p_orgs, p_user, p_own);
    IF p_own THEN
        held := held_ids();
    END IF;
    IF held <> '{}' THEN
        all_there := all_there + count_held(p_register, p_orgs, p_user, held);
        IF p_before_at IS NOT NULL THEN
            shown := own_ids_before(p_register, p_user, held, p_before_at, p_before_id, p_take);
        ELSE
            shown := own_ids_after(p_register, p_user, held, p_after_at, p_after_id, p_skip, p_take);
        END IF;
    ELSIF p_before_at IS NOT NULL THEN
        shown := ids_before(p_shape, p_register, p_orgs, p_user, p_before_at, p_before_id, p_take);
    ELSE
        shown := ids_after(p_shape, p_register, p_orgs, p_user, p_after_at, p_after_id, p_skip, p_take);
    END IF;
    INSERT INTO audit (actor, session, action, register, subjects)
    VALUES (p_user, p_session, 'records.listed', p_register, shown);
    RETURN QUERY
    SELECT all_there, w.record_id, w.given_name, w.family_name, w.organisation_id, w.locality, w.rating,
        w.created_at, w.updated_at, w.rated_at, w.created_by, w.answers
    FROM (VALUES (1)) AS head (n)
    LEFT JOIN record_rows(shown, p_questions) AS w ON true
    ORDER BY w.updated_at DESC, w.record_id DESC;
END
$$;

-- Ids of active records that pass, in no order, `p_most` at most. Null passes everything. Everywhere but among one's
-- own, each organisation is read by the index of what narrows it, code by code: then a plan that knows no values knows how
-- few there are of each.
CREATE FUNCTION narrowed_ids(
    p_shape text, p_register text, p_orgs uuid [], p_user uuid, p_ratings text [], p_localities text [], p_most integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE AS $$
BEGIN
    CASE
        WHEN p_shape = 'own' THEN
            RETURN ARRAY(
                SELECT r.id
                FROM record AS r
                WHERE r.register_code = p_register AND r.created_by = p_user AND r.status = 0
                    AND (p_ratings IS NULL OR r.rating = ANY(p_ratings))
                    AND (p_localities IS NULL OR r.locality = ANY(p_localities))
                UNION ALL
                SELECT r.id
                FROM record AS r
                WHERE r.id = ANY(held_ids()) AND r.register_code = p_register AND r.created_by <> p_user AND r.status = 0
                    AND (p_ratings IS NULL OR r.rating = ANY(p_ratings))
                    AND (p_localities IS NULL OR r.locality = ANY(p_localities))
                LIMIT p_most
            );
        WHEN p_ratings IS NULL AND p_localities IS NULL THEN
            RETURN ARRAY(
                SELECT each.id
                FROM unnest(p_orgs) AS o (id)
                CROSS JOIN LATERAL (
                    SELECT r.id
                    FROM record AS r
                    WHERE r.register_code = p_register AND r.organisation_id = o.id AND r.status = 0
                    LIMIT p_most
                ) AS each
                LIMIT p_most
            );
        WHEN p_localities IS NULL THEN
            RETURN ARRAY(
                SELECT each.id
                FROM unnest(p_orgs) AS o (id)
                CROSS JOIN (SELECT DISTINCT codes.code FROM unnest(p_ratings) AS codes (code)) AS rated
                CROSS JOIN LATERAL (
                    SELECT r.id
                    FROM record AS r
                    WHERE r.register_code = p_register AND r.organisation_id = o.id AND r.status = 0
                        AND r.rating = rated.code
                    LIMIT p_most
                ) AS each
                LIMIT p_most
            );
        WHEN p_ratings IS NULL THEN
            RETURN ARRAY(
                SELECT each.id
                FROM unnest(p_orgs) AS o (id)
                CROSS JOIN (SELECT DISTINCT codes.code FROM unnest(p_localities) AS codes (code)) AS living
                CROSS JOIN LATERAL (
                    SELECT r.id
                    FROM record AS r
                    WHERE r.register_code = p_register AND r.organisation_id = o.id AND r.status = 0
                        AND r.locality = living.code
                    LIMIT p_most
                ) AS each
                LIMIT p_most
            );
        ELSE
            RETURN ARRAY(
                SELECT each.id
                FROM unnest(p_orgs) AS o (id)
                CROSS JOIN (SELECT DISTINCT codes.code FROM unnest(p_ratings) AS codes (code)) AS rated
                CROSS JOIN (SELECT DISTINCT codes.code FROM unnest(p_localities) AS codes (code)) AS living
                CROSS JOIN LATERAL (
                    SELECT r.id
                    FROM record AS r
                    WHERE r.register_code = p_register AND r.organisation_id = o.id AND r.status = 0
                        AND r.rating = rated.code AND r.locality = living.code
                    LIMIT p_most
                ) AS each
                LIMIT p_most
            );
    END CASE;
END
$$;

-- Those that pass when there are many of them: a walk from the last updated on. There are more than a thousand, so it is
-- not a long one unless they lie far behind; `p_skip` and `p_take` together stay within a thousand.
CREATE FUNCTION narrowed_ids_after(
    p_shape text, p_register text, p_orgs uuid [], p_user uuid, p_ratings text [], p_localities text [],
    p_skip integer, p_take integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET enable_sort = off AS $$
BEGIN
    CASE p_shape
        WHEN 'own' THEN
            RETURN ARRAY(
                SELECT theirs.id
                FROM (
                    (
                        SELECT r.id, r.updated_at
                        FROM record AS r
                        WHERE r.register_code = p_register AND r.created_by = p_user AND r.status = 0
                            AND (p_ratings IS NULL OR r.rating = ANY(p_ratings))
                            AND (p_localities IS NULL OR r.locality = ANY(p_localities))
                        ORDER BY r.updated_at DESC, r.id DESC
                        LIMIT p_skip + p_take
                    )
                    UNION ALL
                    SELECT r.id, r.updated_at
                    FROM record AS r
                    WHERE r.id = ANY(held_ids()) AND r.register_code = p_register AND r.created_by <> p_user
                        AND r.status = 0
                        AND (p_ratings IS NULL OR r.rating = ANY(p_ratings))
                        AND (p_localities IS NULL OR r.locality = ANY(p_localities))
                ) AS theirs
                ORDER BY theirs.updated_at DESC, theirs.id DESC
                OFFSET p_skip LIMIT p_take
            );
        WHEN 'one' THEN
            RETURN ARRAY(
                SELECT r.id
                FROM record AS r
                WHERE r.register_code = p_register AND r.organisation_id = p_orgs[1] AND r.status = 0
                    AND (p_ratings IS NULL OR r.rating = ANY(p_ratings))
                    AND (p_localities IS NULL OR r.locality = ANY(p_localities))
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
                        AND (p_ratings IS NULL OR r.rating = ANY(p_ratings))
                        AND (p_localities IS NULL OR r.locality = ANY(p_localities))
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
                    AND (p_ratings IS NULL OR r.rating = ANY(p_ratings))
                    AND (p_localities IS NULL OR r.locality = ANY(p_localities))
                ORDER BY r.updated_at DESC, r.id DESC
                OFFSET p_skip LIMIT p_take
            );
    END CASE;
END
$$;

-- Those among some ids that match, in the order asked for, or in its reverse. `p_levels` are the ratings, the most urgent
-- first.
CREATE FUNCTION in_order(
    p_ids uuid [], p_patterns text [], p_ratings text [], p_localities text [],
    p_sort text, p_turned boolean, p_levels text [], p_most integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE AS $$
DECLARE
    ordered uuid [];
BEGIN
    ordered := ARRAY(
        SELECT r.id
        FROM record AS r
        WHERE r.id = ANY(p_ids) AND r.status = 0
            AND (p_patterns IS NULL OR r.search LIKE ALL(p_patterns))
            AND (p_ratings IS NULL OR r.rating = ANY(p_ratings))
            AND (p_localities IS NULL OR r.locality = ANY(p_localities))
        ORDER BY
            CASE WHEN p_sort = 'name' THEN lower(r.family_name) END,
            CASE WHEN p_sort = 'name' THEN lower(r.given_name) END,
            CASE WHEN p_sort = 'rating' THEN array_position(p_levels, r.rating) END,
            CASE WHEN p_sort = 'created' THEN r.created_at END DESC,
            r.updated_at DESC, r.id DESC
        LIMIT p_most
    );
    IF NOT p_turned THEN
        RETURN ordered;
    END IF;
    RETURN ARRAY(
        SELECT each.id FROM unnest(ordered) WITH ORDINALITY AS each (id, place) ORDER BY each.place DESC
    );
END
$$;

CREATE FUNCTION narrow_records(
    p_user uuid, p_session uuid, p_register text, p_role text, p_orgs uuid [], p_own boolean,
    p_shape text, p_skip integer, p_take integer,
    p_ratings text [], p_localities text [], p_sort text, p_turned boolean, p_levels text [],
    p_reach integer, p_questions text []
) RETURNS TABLE (
    matches integer, capped boolean,
    record_id uuid, given_name text, family_name text, organisation_id uuid, locality text, rating text,
    created_at timestamptz, updated_at timestamptz, rated_at timestamptz, created_by text, answers jsonb
)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    found_ones uuid [];
    more boolean;
    shown uuid [];
BEGIN
    PERFORM set_scope(p_user, p_register, p_role, p_orgs, p_own);
    found_ones := narrowed_ids(p_shape, p_register, p_orgs, p_user, p_ratings, p_localities, p_reach + 1);
    more := cardinality(found_ones) > p_reach;
    IF more THEN
        shown := narrowed_ids_after(
            p_shape, p_register, p_orgs, p_user, p_ratings, p_localities, p_skip, greatest(least(p_take, p_reach - p_skip), 0)
        );
    ELSE
        found_ones := in_order(found_ones, NULL, NULL, NULL, p_sort, p_turned, p_levels, p_reach);
        shown := found_ones[p_skip + 1 : p_skip + p_take];
    END IF;
    INSERT INTO audit (actor, session, action, register, subjects)
    VALUES (p_user, p_session, 'records.listed', p_register, shown);
    RETURN QUERY
    SELECT least(cardinality(found_ones), p_reach), more,
        w.record_id, w.given_name, w.family_name, w.organisation_id, w.locality, w.rating,
        w.created_at, w.updated_at, w.rated_at, w.created_by, w.answers
    FROM (VALUES (1)) AS head (n)
    LEFT JOIN record_rows(shown, p_questions) AS w ON true
    ORDER BY w.place;
END
$$;

-- Each record once, however many of its words begin so: words are read on until there are enough records, or no more words.
CREATE FUNCTION beginning_ids(p_register text, p_orgs uuid [], p_beginning text, p_end text, p_most integer)
RETURNS uuid []
LANGUAGE plpgsql STABLE AS $$
DECLARE
    reach integer := p_most;
    looked_at integer;
    found_so_far uuid [];
BEGIN
    LOOP
        SELECT array_agg(DISTINCT w.record_id), count(*)
        INTO found_so_far, looked_at
        FROM (
            SELECT each.record_id
            FROM record_word AS each
            WHERE each.register_code = p_register AND each.word >= p_beginning AND each.word < p_end
                AND each.organisation_id = ANY(p_orgs)
            LIMIT reach
        ) AS w;
        EXIT WHEN cardinality(found_so_far) >= p_most OR looked_at < reach;
        reach := 4 * reach;
    END LOOP;
    RETURN coalesce(found_so_far, '{}');
END
$$;

-- As before: more than `p_most` when there are more, and then the newest 100 in scope come along to be looked through.
CREATE OR REPLACE FUNCTION found_ids(
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
            UNION ALL
            SELECT r.id
            FROM record AS r
            WHERE r.id = ANY(held_ids()) AND r.register_code = p_register AND r.created_by <> p_user AND r.status = 0
                AND r.search LIKE ALL(p_patterns)
            LIMIT p_most + 1
        );
    END IF;
    IF cardinality(p_patterns) = 1 THEN
        found_so_far := beginning_ids(p_register, p_orgs, p_beginning, p_end, p_most + 1);
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

-- `p_ratings` and `p_localities` narrow it. What they leave is looked through when it is within `p_reach`, so the search
-- is exact; else what is found is narrowed, of which more is found for the purpose.
-- squawk-ignore ban-drop-function
DROP FUNCTION search_records(
    uuid, uuid, text, text, uuid [], boolean, text, integer, integer, text, text, text, boolean, text [], integer
);
CREATE FUNCTION search_records(
    p_user uuid, p_session uuid, p_register text, p_role text, p_orgs uuid [], p_own boolean,
    p_shape text, p_skip integer, p_take integer,
    p_reference text, p_beginning text, p_end text, p_within boolean, p_patterns text [], p_most integer,
    p_ratings text [], p_localities text [], p_sort text, p_turned boolean, p_levels text [],
    p_reach integer, p_questions text []
) RETURNS TABLE (
    total bigint, matches integer, capped boolean,
    record_id uuid, given_name text, family_name text, organisation_id uuid, locality text, rating text,
    created_at timestamptz, updated_at timestamptz, rated_at timestamptz, created_by text, answers jsonb
)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    all_there bigint;
    found_ones uuid [];
    looked_through integer := p_most;
    more boolean := false;
    shown uuid [];
BEGIN
    PERFORM set_scope(p_user, p_register, p_role, p_orgs, p_own);
    all_there := count_active(p_register, p_orgs, p_user, p_own);
    IF p_own THEN
        all_there := all_there + count_held(p_register, p_orgs, p_user, held_ids());
    END IF;
    IF p_reference IS NOT NULL THEN
        found_ones := ARRAY(SELECT r.id FROM record AS r WHERE r.reference = p_reference);
    ELSIF p_ratings IS NOT NULL OR p_localities IS NOT NULL THEN
        looked_through := p_reach;
        found_ones := narrowed_ids(p_shape, p_register, p_orgs, p_user, p_ratings, p_localities, p_reach + 1);
    END IF;
    IF found_ones IS NULL OR cardinality(found_ones) > looked_through THEN
        found_ones := found_ids(
            p_shape, p_register, p_orgs, p_user, p_beginning, p_end, p_within, p_patterns, looked_through
        );
        more := cardinality(found_ones) > looked_through;
    END IF;
    found_ones := in_order(
        found_ones, CASE WHEN p_reference IS NULL THEN p_patterns END, p_ratings, p_localities,
        'updated', false, p_levels, p_most + 1
    );
    IF cardinality(found_ones) > p_most THEN
        more := true;
        found_ones := found_ones[1 : p_most];
    ELSIF NOT more AND (p_turned OR p_sort <> 'updated') THEN
        found_ones := in_order(found_ones, NULL, NULL, NULL, p_sort, p_turned, p_levels, p_most);
    END IF;
    shown := found_ones[p_skip + 1 : p_skip + p_take];
    INSERT INTO audit (actor, session, action, register, subjects)
    VALUES (p_user, p_session, 'records.searched', p_register, shown);
    RETURN QUERY
    SELECT all_there, cardinality(found_ones), more,
        w.record_id, w.given_name, w.family_name, w.organisation_id, w.locality, w.rating,
        w.created_at, w.updated_at, w.rated_at, w.created_by, w.answers
    FROM (VALUES (1)) AS head (n)
    LEFT JOIN record_rows(shown, p_questions) AS w ON true
    ORDER BY w.place;
END
$$;

DO $$
DECLARE
    app text := current_schema() || '_app';
    ours text := 'record_rows, list_records, narrowed_ids, narrowed_ids_after, in_order, narrow_records, beginning_ids, '
        'search_records';
BEGIN
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', ours);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', ours, app);
END
$$;

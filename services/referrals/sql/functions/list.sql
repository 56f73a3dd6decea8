-- Reads lists in one round trip: the same call sets the context and audits the reading. The caller has already decided
-- what the user may ask for and which query to use. SECURITY INVOKER, so that row-level security applies.

CREATE OR REPLACE FUNCTION list_records(p_scope jsonb, p_page jsonb) RETURNS TABLE (
    total bigint, record_id uuid, given_name text, family_name text, organisation_id uuid, locality text, rating text,
    created_at timestamptz, updated_at timestamptz, rated_at timestamptz, created_by text, answers jsonb,
    ended_at timestamptz, ends_on date, awaiting boolean
)
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    scope record := open_scope(p_scope);
    page record := read_page(p_page);
    held uuid [] := CASE WHEN scope.own_records_only THEN held_ids() END;
    all_there bigint := count_records(
        scope.register_code, scope.compartment_ids, scope.user_id, scope.own_records_only, NOT page.ended
    );
    shown uuid [];
BEGIN
    IF page.ended THEN
        shown := ended_ids(scope.register_code, scope.compartment_ids, page.skip, page.take);
    ELSIF scope.own_records_only THEN
        all_there := all_there + count_held(scope.register_code, scope.compartment_ids, scope.user_id, held);
        shown := CASE WHEN page.before_at IS NULL
            THEN own_ids_after(scope.register_code, scope.user_id, held, page.after_at, page.after_id, page.skip, page.take)
            ELSE own_ids_before(scope.register_code, scope.user_id, held, page.before_at, page.before_id, page.take)
        END;
    ELSE
        shown := CASE WHEN page.before_at IS NULL
            THEN newest_ids(
                scope.register_code, scope.compartment_ids, page.after_at, page.after_id, page.skip, page.take
            )
            ELSE ids_before(scope.register_code, scope.compartment_ids, page.before_at, page.before_id, page.take)
        END;
    END IF;
    INSERT INTO audit (actor, session, action, register, subjects)
    VALUES (scope.user_id, scope.session_id, 'records.listed', scope.register_code, shown);
    RETURN QUERY
    SELECT all_there, r.id, r.given_name, r.family_name, r.organisation_id, r.locality, r.rating,
        r.created_at, r.updated_at, r.rated_at, r.created_by_name,
        (
            SELECT jsonb_object_agg(q.name, r.answers -> q.name)
            FROM unnest(page.questions) AS q (name)
            WHERE r.answers ? q.name
        ), r.ended_at, r.ends_on, r.awaiting
    FROM (VALUES (1)) AS head (n)
    LEFT JOIN record AS r ON r.id = ANY(shown)
    ORDER BY CASE WHEN page.ended THEN r.ended_at END DESC, r.updated_at DESC, r.id DESC;
END
$$;

-- Return a filtered and sorted list. Up to `reach` records are read and sorted by any heading. Longer lists stay in the
-- order of the last update, which has indexes.
CREATE OR REPLACE FUNCTION filter_records(p_scope jsonb, p_page jsonb, p_filters jsonb) RETURNS TABLE (
    matches integer, capped boolean,
    record_id uuid, given_name text, family_name text, organisation_id uuid, locality text, rating text,
    created_at timestamptz, updated_at timestamptz, rated_at timestamptz, created_by text, answers jsonb,
    ended_at timestamptz, ends_on date, awaiting boolean
)
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    scope record := open_scope(p_scope);
    page record := read_page(p_page);
    filters record := read_filters(p_filters);
    own uuid := CASE WHEN scope.own_records_only THEN scope.user_id END;
    found_ones uuid [] := filtered_ids(
        scope.register_code, scope.compartment_ids, own, filters.ratings, filters.localities, filters.reach + 1
    );
    more boolean := cardinality(found_ones) > filters.reach;
    shown uuid [];
BEGIN
    IF more THEN
        shown := filtered_newest_ids(scope.register_code, scope.compartment_ids, own, filters.ratings, filters.localities,
            page.skip, greatest(least(page.take, filters.reach - page.skip), 0));
    ELSE
        found_ones := in_order(
            found_ones, NULL, NULL, NULL, filters.sort, filters.descending, filters.levels, filters.reach
        );
        shown := found_ones[page.skip + 1 : page.skip + page.take];
    END IF;
    INSERT INTO audit (actor, session, action, register, subjects)
    VALUES (scope.user_id, scope.session_id, 'records.listed', scope.register_code, shown);
    RETURN QUERY
    SELECT least(cardinality(found_ones), filters.reach), more,
        w.record_id, w.given_name, w.family_name, w.organisation_id, w.locality, w.rating,
        w.created_at, w.updated_at, w.rated_at, w.created_by, w.answers, w.ended_at, w.ends_on, w.awaiting
    FROM (VALUES (1)) AS head (n)
    LEFT JOIN record_rows(shown, page.questions) AS w ON true
    ORDER BY w.place;
END
$$;

-- Return which rows of a list to read: `take` rows after `skip` others, or after or before a given row.
CREATE OR REPLACE FUNCTION read_page(p_page jsonb) RETURNS record
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    page record;
BEGIN
    SELECT p.* INTO page
    FROM jsonb_to_record(p_page) AS p (
        skip integer, take integer, after_at timestamptz, after_id uuid, before_at timestamptz,
        before_id uuid, questions text [], ended boolean
    )
    WHERE check_keys(p_page, ARRAY[
        'skip', 'take', 'after_at', 'after_id', 'before_at', 'before_id', 'questions', 'ended'
    ]);
    RETURN page;
END
$$;

-- Return how a list is filtered and sorted. Null ratings or localities let everything pass. `levels` are the ratings,
-- the most urgent first. `reach` is the most records that are sorted.
CREATE OR REPLACE FUNCTION read_filters(p_filters jsonb) RETURNS record
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    filters record;
BEGIN
    SELECT f.* INTO filters
    FROM jsonb_to_record(p_filters) AS f (
        ratings text [], localities text [], sort text, descending boolean, levels text [], reach integer
    )
    WHERE check_keys(p_filters, ARRAY['ratings', 'localities', 'sort', 'descending', 'levels', 'reach']);
    RETURN filters;
END
$$;

-- Return the rows of a filtered list or a search, in the order of the ids. `answers` holds those to the named
-- questions.
CREATE OR REPLACE FUNCTION record_rows(p_shown uuid [], p_questions text []) RETURNS TABLE (
    place bigint, record_id uuid, given_name text, family_name text, organisation_id uuid, locality text, rating text,
    created_at timestamptz, updated_at timestamptz, rated_at timestamptz, created_by text, answers jsonb,
    ended_at timestamptz, ends_on date, awaiting boolean
)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT s.place, r.id, r.given_name, r.family_name, r.organisation_id, r.locality, r.rating,
        r.created_at, r.updated_at, r.rated_at, r.created_by_name,
        CASE WHEN cardinality(p_questions) > 0 THEN (
            SELECT jsonb_object_agg(q.name, r.answers -> q.name)
            FROM unnest(p_questions) AS q (name)
            WHERE r.answers ? q.name
        ) END, r.ended_at, r.ends_on, r.awaiting
    FROM unnest(p_shown) WITH ORDINALITY AS s (id, place)
    JOIN record AS r ON r.id = s.id
$$;

-- Return the ids of a page of records that have ended, the last first.
CREATE OR REPLACE FUNCTION ended_ids(p_register text, p_compartments uuid [], p_skip integer, p_take integer)
RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    IF p_compartments IS NULL THEN
        RETURN ARRAY(
            SELECT r.id FROM record AS r
            WHERE r.register_code = p_register AND NOT r.is_open
            ORDER BY r.ended_at DESC, r.id DESC
            OFFSET p_skip LIMIT p_take
        );
    END IF;
    RETURN ARRAY(
        SELECT n.id
        FROM unnest(p_compartments) AS c (id)
        CROSS JOIN LATERAL (
            SELECT r.id, r.ended_at FROM record AS r
            WHERE r.register_code = p_register AND r.compartment_id = c.id AND NOT r.is_open
            ORDER BY r.ended_at DESC, r.id DESC
            LIMIT p_skip + p_take
        ) AS n
        ORDER BY n.ended_at DESC, n.id DESC
        OFFSET p_skip LIMIT p_take
    );
END
$$;

GRANT EXECUTE ON FUNCTION
ended_ids(text, uuid [], integer, integer), list_records(jsonb, jsonb), filter_records(jsonb, jsonb, jsonb), read_page(jsonb), read_filters(jsonb),
record_rows(uuid [], text [])
TO referrals_app;

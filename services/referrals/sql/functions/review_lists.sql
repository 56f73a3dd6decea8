-- Lists of records by their next review, in one round trip each. The same call sets the context and audits the reading.

-- Return a page of the list of records that is filtered or sorted by the next review, as `filter_records` and
-- `search_records` do for the others. `p_search` is null without a search. More records than can be sorted are listed
-- in the order of their last update.
CREATE OR REPLACE FUNCTION list_by_review(
    p_scope jsonb, p_page jsonb, p_filters jsonb, p_search jsonb, p_due jsonb
) RETURNS TABLE (
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
    search record := read_search(p_search);
    due record := read_due(p_due);
    own uuid := CASE WHEN scope.own_records_only THEN scope.user_id END;
    most integer := CASE WHEN p_search IS NULL THEN filters.reach ELSE search.most END;
    found_ones uuid [];
    more boolean;
    shown uuid [];
BEGIN
    found_ones := CASE
        WHEN p_search IS NOT NULL THEN found_by_review(scope, own, search, filters, due)
        WHEN due.until_day IS NULL THEN filtered_ids(scope.register_code, scope.compartment_ids, own, filters.ratings,
            filters.localities, filters.reach + 1)
        ELSE due_ids(scope, own, filters.ratings, filters.localities, due, filters.reach + 1)
    END;
    more := cardinality(found_ones) > most;
    found_ones := CASE
        WHEN filters.sort = 'review' OR more THEN due_among(found_ones[1 : most], due, most)
        ELSE in_order(found_ones, NULL, NULL, NULL, filters.sort, filters.descending, filters.levels, most)
    END;
    IF filters.sort = 'review' AND filters.descending THEN
        found_ones := ARRAY(
            SELECT f.id FROM unnest(found_ones) WITH ORDINALITY AS f (id, place) ORDER BY f.place DESC
        );
    END IF;
    shown := CASE
        WHEN more AND p_search IS NULL AND due.until_day IS NULL THEN filtered_newest_ids(
            scope.register_code, scope.compartment_ids, own, filters.ratings, filters.localities, page.skip,
            greatest(least(page.take, filters.reach - page.skip), 0)
        )
        ELSE found_ones[page.skip + 1 : page.skip + page.take]
    END;
    PERFORM audit_list_by_review(scope, p_search IS NOT NULL, shown);
    RETURN QUERY
    SELECT cardinality(found_ones), more,
        w.record_id, w.given_name, w.family_name, w.organisation_id, w.locality, w.rating,
        w.created_at, w.updated_at, w.rated_at, w.created_by, w.answers, w.ended_at, w.ends_on, w.awaiting
    FROM (VALUES (1)) AS head (n)
    LEFT JOIN record_rows(shown, page.questions) AS w ON true
    ORDER BY w.place;
END
$$;

CREATE OR REPLACE FUNCTION audit_list_by_review(p_scope record, p_is_search boolean, p_shown uuid []) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF p_is_search THEN
        INSERT INTO audit (actor, session, action, register, subjects)
        VALUES (p_scope.user_id, p_scope.session_id, 'records.searched', p_scope.register_code, p_shown);
    ELSE
        INSERT INTO audit (actor, session, action, register, subjects)
        VALUES (p_scope.user_id, p_scope.session_id, 'records.listed', p_scope.register_code, p_shown);
    END IF;
END
$$;

-- Return the ids that a search finds among the records that are due, in no order. Up to `reach` matches are looked at.
CREATE OR REPLACE FUNCTION found_by_review(
    p_scope record, p_user uuid, p_search record, p_filters record, p_due record
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    ids uuid [] := CASE
        WHEN p_search.reference IS NULL THEN matching_ids(p_scope, p_search, p_user, p_filters.reach)
        ELSE referenced_ids(p_scope.register_code, p_scope.compartment_ids, p_user, p_search.reference)
    END;
BEGIN
    IF p_search.joined IS NOT NULL THEN
        ids := spelt_ids(ids, p_search.patterns, p_search.joined);
    END IF;
    ids := in_order(
        ids, CASE WHEN p_search.reference IS NULL AND p_search.joined IS NULL THEN p_search.patterns END,
        p_filters.ratings, p_filters.localities, 'updated', false, p_filters.levels, p_filters.reach + 1
    );
    RETURN due_among(ids, p_due, p_search.most + 1);
END
$$;

-- Return a page of the reviews that are due in this time, the first due first. `may_update` needs `created_by_id` and
-- `is_held`.
CREATE OR REPLACE FUNCTION list_due(p_scope jsonb, p_due jsonb, p_skip integer, p_take integer, p_most integer)
RETURNS TABLE (
    matches integer, record_id uuid, version integer, reference text, given_name text, family_name text, born date,
    rating text, rated_at timestamptz, due_on date, created_by_id uuid, is_held boolean, holder text
)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    scope record := open_scope(p_scope);
    due record := read_due(p_due);
    own uuid := CASE WHEN scope.own_records_only THEN scope.user_id END;
    held uuid [] := held_ids();
    found_ones uuid [] := due_ids(scope, own, NULL, NULL, due, p_most + 1);
    shown uuid [] := found_ones[p_skip + 1 : p_skip + p_take];
BEGIN
    INSERT INTO audit (actor, session, action, register, subjects)
    VALUES (scope.user_id, scope.session_id, 'records.listed', scope.register_code, shown);
    RETURN QUERY
    SELECT cardinality(found_ones), r.id, r.version, r.reference, r.given_name, r.family_name, r.born, r.rating, r.rated_at,
        review_due(r.rating, r.rated_at, r.next_review, r.review_agreed_at, due.levels, due.days),
        r.created_by, r.id = ANY(held),
        coalesce(
            (
                SELECT h.user_name FROM record_holding AS h
                WHERE h.record_id = r.id AND h.kind = 'holder' AND h.ended_at IS NULL
            ), r.created_by_name
        )
    FROM (VALUES (1)) AS head (n)
    LEFT JOIN unnest(shown) WITH ORDINALITY AS s (id, place) ON true
    LEFT JOIN record AS r ON r.id = s.id
    ORDER BY s.place;
END
$$;

GRANT EXECUTE ON FUNCTION
list_by_review(jsonb, jsonb, jsonb, jsonb, jsonb), found_by_review(record, uuid, record, record, record),
audit_list_by_review(record, boolean, uuid []),
list_due(jsonb, jsonb, integer, integer, integer)
TO referrals_app;

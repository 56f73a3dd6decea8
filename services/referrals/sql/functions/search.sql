-- Searches in one round trip: by name, NHS number, date of birth or reference. The same call audits the search, without its text. Searches count people, not
-- matching words.

-- Search records. If few enough records pass the filters, all of those are searched, so the search is exact. Otherwise
-- the search comes first and its matches are filtered. `total` counts the records in scope.
CREATE OR REPLACE FUNCTION search_records(p_scope jsonb, p_page jsonb, p_filters jsonb, p_search jsonb) RETURNS TABLE (
    total bigint, matches integer, capped boolean,
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
    reach uuid [] := scope.compartment_ids;
    own uuid := CASE WHEN scope.own_records_only THEN scope.user_id END;
    found_ones uuid [];
    is_filtered boolean := filters.ratings IS NOT NULL OR filters.localities IS NOT NULL;
    looked_through integer := CASE WHEN is_filtered THEN filters.reach ELSE search.most END;
    more boolean := false;
    is_in_order boolean := false;
    shown uuid [];
BEGIN
    total := count_records(scope.register_code, reach, scope.user_id, scope.own_records_only, true);
    IF scope.own_records_only THEN
        total := total + count_held(scope.register_code, reach, scope.user_id, held_ids());
    END IF;
    found_ones := narrowed_ids(
        scope.register_code, reach, own, search.reference, filters.ratings, filters.localities, filters.reach
    );
    IF found_ones IS NULL THEN
        found_ones := matching_ids(scope, search, own, looked_through);
        more := cardinality(found_ones) > looked_through;
        is_in_order := own IS NULL AND NOT (is_filtered OR search.by_number OR search.joined IS NOT NULL);
    END IF;
    IF NOT is_in_order THEN
        IF search.joined IS NOT NULL THEN
            found_ones := spelt_ids(found_ones, search.patterns, search.joined);
        END IF;
        found_ones := in_order(found_ones,
            CASE WHEN search.reference IS NULL AND search.joined IS NULL THEN search.patterns END,
            filters.ratings, filters.localities, 'updated', false, filters.levels, search.most + 1);
    END IF;
    IF cardinality(found_ones) > search.most THEN
        more := true;
        found_ones := found_ones[1 : search.most];
    ELSIF NOT more AND (filters.descending OR filters.sort <> 'updated') THEN
        found_ones := in_order(found_ones, NULL, NULL, NULL, filters.sort, filters.descending, filters.levels, search.most);
    END IF;
    shown := found_ones[page.skip + 1 : page.skip + page.take];
    INSERT INTO audit (actor, session, action, register, subjects)
    VALUES (scope.user_id, scope.session_id, 'records.searched', scope.register_code, shown);
    RETURN QUERY
    SELECT total, cardinality(found_ones), more,
        w.record_id, w.given_name, w.family_name, w.organisation_id, w.locality, w.rating,
        w.created_at, w.updated_at, w.rated_at, w.created_by, w.answers, w.ended_at, w.ends_on, w.awaiting
    FROM (VALUES (1)) AS head (n)
    LEFT JOIN record_rows(shown, page.questions) AS w ON true
    ORDER BY w.place;
END
$$;

-- Return the ids of the records that a reference or the filters leave. Return null if there is neither, or if the filters
-- leave more than `p_most`. `p_user`: only the records of this user.
CREATE OR REPLACE FUNCTION narrowed_ids(
    p_register text, p_compartments uuid [], p_user uuid, p_reference text, p_ratings text [], p_localities text [],
    p_most integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    narrowed uuid [];
BEGIN
    IF p_reference IS NOT NULL THEN
        RETURN referenced_ids(p_register, p_compartments, p_user, p_reference);
    END IF;
    IF p_ratings IS NOT NULL OR p_localities IS NOT NULL THEN
        narrowed := filtered_ids(p_register, p_compartments, p_user, p_ratings, p_localities, p_most + 1);
    END IF;
    RETURN CASE WHEN cardinality(narrowed) <= p_most THEN narrowed END;
END
$$;

-- Return the id of the record in reach that has a reference, or no id. `p_user`: only the records of this user.
CREATE OR REPLACE FUNCTION referenced_ids(p_register text, p_compartments uuid [], p_user uuid, p_reference text)
RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN ARRAY(
        SELECT r.id
        FROM record AS r
        WHERE r.reference = p_reference AND r.register_code = p_register
            AND (p_compartments IS NULL OR r.compartment_id = ANY(p_compartments))
            AND (p_user IS NULL OR r.created_by = p_user OR r.id = ANY(held_ids()))
    );
END
$$;

-- Return what to search for: a reference, or words. A name matches by comparison if one of its words is at least
-- `beginning` and less than `until`. `within`: the first of the patterns may also match inside words. All patterns must
-- match, or all of `joined` if it is given. `by_number`: the beginning is that of a number.
CREATE OR REPLACE FUNCTION read_search(p_search jsonb) RETURNS record
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    search record;
BEGIN
    SELECT s.* INTO search
    FROM jsonb_to_record(p_search) AS s (
        reference text, beginning text, until text, within boolean, patterns text [], joined text [], by_number boolean, most integer
    )
    WHERE check_keys(p_search, ARRAY['reference', 'beginning', 'until', 'within', 'patterns', 'joined', 'by_number', 'most']);
    RETURN search;
END
$$;

-- Return the ids that a search finds, the last updated first. A single word is compared with the beginnings of words. If
-- `p_within` and this finds no more than `p_most`, `search_ids` is used instead. So are several words, and a word with
-- which few begin. If there are more than `p_most` ids, the newest 100 records in scope are looked at too, so that one
-- just saved is among those shown.
CREATE OR REPLACE FUNCTION found_ids(
    p_register text, p_compartments uuid [], p_beginning text, p_until text, p_within boolean, p_patterns text [],
    p_most integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    found_so_far uuid [];
BEGIN
    IF cardinality(p_patterns) = 1
        AND (NOT p_within OR do_many_begin(p_register, p_compartments, p_beginning, p_until, p_most)) THEN
        found_so_far := beginning_ids(p_register, p_compartments, p_beginning, p_until, p_most + 1);
    END IF;
    IF found_so_far IS NULL OR (p_within AND cardinality(found_so_far) <= p_most) THEN
        found_so_far := search_ids(p_register, p_compartments, p_patterns, p_most + 1);
        IF cardinality(found_so_far) <= p_most THEN
            RETURN found_so_far;
        END IF;
    END IF;
    IF cardinality(found_so_far) > p_most THEN
        found_so_far := found_so_far || newest_ids(p_register, p_compartments, NULL, NULL, 0, 100);
    END IF;
    RETURN newest_matches(p_register, p_compartments, found_so_far, p_patterns, p_most + 1);
END
$$;

-- Return whether more than `p_most` words begin so. Only the index is read.
CREATE OR REPLACE FUNCTION do_many_begin(
    p_register text, p_compartments uuid [], p_beginning text, p_until text, p_most integer
) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    RETURN p_most < (
        SELECT count(*)
        FROM (
            SELECT
            FROM record_word AS each
            WHERE each.register_code = p_register AND each.word >= p_beginning AND each.word < p_until
                AND (p_compartments IS NULL OR each.compartment_id = ANY(p_compartments))
            LIMIT p_most + 1
        ) AS w
    );
END
$$;

CREATE OR REPLACE FUNCTION found_own_ids(p_register text, p_user uuid, p_patterns text [], p_most integer) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN ARRAY(
        SELECT r.id
        FROM record AS r
        WHERE r.register_code = p_register AND r.created_by = p_user AND r.is_open
            AND r.search LIKE ALL(p_patterns)
        UNION ALL
        SELECT r.id
        FROM record AS r
        WHERE r.id = ANY(held_ids()) AND r.register_code = p_register AND r.created_by <> p_user AND r.is_open
            AND r.search LIKE ALL(p_patterns)
        LIMIT p_most + 1
    );
END
$$;

-- Return the ids that match, in no order if some match by joined words. Of a search by number they match by its
-- beginning alone. `p_user`: only the records of this user. If
-- there are more than `p_most`, they need not be all.
CREATE OR REPLACE FUNCTION matching_ids(p_scope record, p_search record, p_user uuid, p_most integer) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    register text := p_scope.register_code;
    reach uuid [] := p_scope.compartment_ids;
    ids uuid [];
BEGIN
    IF p_search.by_number AND p_user IS NULL THEN
        RETURN beginning_ids(register, reach, p_search.beginning, p_search.until, p_most + 1);
    END IF;
    ids := CASE
        WHEN p_user IS NOT NULL THEN found_own_ids(register, p_user, p_search.patterns, p_most)
        ELSE found_ids(register, reach, p_search.beginning, p_search.until, p_search.within, p_search.patterns, p_most)
    END;
    IF p_search.joined IS NULL OR cardinality(ids) > p_most THEN
        RETURN ids;
    END IF;
    ids := ids || CASE
        WHEN p_user IS NOT NULL THEN found_own_ids(register, p_user, p_search.joined, p_most)
        ELSE search_ids(register, reach, p_search.joined, p_most + 1)
    END;
    RETURN ARRAY(SELECT DISTINCT each.id FROM unnest(ids) AS each (id));
END
$$;

-- Return those of the records in which every pattern occurs, or every one of joined words.
CREATE OR REPLACE FUNCTION spelt_ids(p_ids uuid [], p_patterns text [], p_joined text []) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN ARRAY(
        SELECT r.id
        FROM record AS r
        WHERE r.id = ANY(p_ids) AND r.is_open AND (r.search LIKE ALL(p_patterns) OR r.search LIKE ALL(p_joined))
    );
END
$$;

-- Return each record once, however many of its words match. Reads ever more words until there are enough records or no
-- more words. Without compartments there is no condition on them, since one that may be absent uses no index.
CREATE OR REPLACE FUNCTION beginning_ids(
    p_register text, p_compartments uuid [], p_beginning text, p_until text, p_most integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    reach integer := p_most;
    words uuid [];
    found_so_far uuid [];
BEGIN
    LOOP
        words := CASE
            WHEN p_compartments IS NULL THEN ARRAY(
                SELECT each.record_id
                FROM record_word AS each
                WHERE each.register_code = p_register AND each.word >= p_beginning AND each.word < p_until
                LIMIT reach
            )
            ELSE ARRAY(
                SELECT each.record_id
                FROM record_word AS each
                WHERE each.register_code = p_register AND each.word >= p_beginning AND each.word < p_until
                    AND each.compartment_id = ANY(p_compartments)
                LIMIT reach
            )
        END;
        found_so_far := ARRAY(SELECT DISTINCT w.id FROM unnest(words) AS w (id));
        EXIT WHEN cardinality(found_so_far) >= p_most OR cardinality(words) < reach;
        reach := 4 * reach;
    END LOOP;
    RETURN found_so_far;
END
$$;

-- Return the ids of open records in which every pattern occurs, the last updated first; the first two patterns use the
-- index. A few compartments are read one by one, which the index narrows; many would not narrow it. SECURITY DEFINER,
-- because its table has no grants. The view holds the condition of the policies, whatever the caller asks for.
CREATE OR REPLACE FUNCTION search_ids(p_register text, p_compartments uuid [], p_patterns text [], p_most integer)
RETURNS uuid []
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF cardinality(p_compartments) <= 8 THEN
        RETURN ARRAY(
            SELECT found.record_id
            FROM (
                SELECT each.record_id, each.updated_at
                FROM unnest(p_compartments) AS c (id)
                CROSS JOIN LATERAL (
                    SELECT s.record_id, s.updated_at
                    FROM record_search_in_scope AS s
                    WHERE s.compartment_id = c.id
                        AND s.search LIKE p_patterns[1] AND s.search LIKE coalesce(p_patterns[2], p_patterns[1])
                        AND s.search LIKE ALL(p_patterns)
                        AND s.register_code = p_register
                    LIMIT p_most
                ) AS each
                LIMIT p_most
            ) AS found
            ORDER BY found.updated_at DESC, found.record_id DESC
        );
    END IF;
    RETURN ARRAY(
        SELECT found.record_id
        FROM (
            SELECT s.record_id, s.updated_at
            FROM record_search_in_scope AS s
            WHERE s.search LIKE p_patterns[1] AND s.search LIKE coalesce(p_patterns[2], p_patterns[1])
                AND s.search LIKE ALL(p_patterns)
                AND s.register_code = p_register
                AND (p_compartments IS NULL OR s.compartment_id = ANY(p_compartments))
            LIMIT p_most
        ) AS found
        ORDER BY found.updated_at DESC, found.record_id DESC
    );
END
$$;

-- Return those of the records in which every pattern occurs, the last updated first. SECURITY DEFINER, as `search_ids`.
CREATE OR REPLACE FUNCTION newest_matches(
    p_register text, p_compartments uuid [], p_ids uuid [], p_patterns text [], p_most integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    RETURN ARRAY(
        SELECT s.record_id
        FROM record_search_in_scope AS s
        WHERE s.record_id = ANY(p_ids) AND s.search LIKE ALL(p_patterns) AND s.register_code = p_register
            AND (p_compartments IS NULL OR s.compartment_id = ANY(p_compartments))
        ORDER BY s.updated_at DESC, s.record_id DESC
        LIMIT p_most
    );
END
$$;

GRANT EXECUTE ON FUNCTION
search_records(jsonb, jsonb, jsonb, jsonb), read_search(jsonb), referenced_ids(text, uuid [], uuid, text),
narrowed_ids(text, uuid [], uuid, text, text [], text [], integer),
found_ids(text, uuid [], text, text, boolean, text [], integer),
do_many_begin(text, uuid [], text, text, integer),
found_own_ids(text, uuid, text [], integer),
matching_ids(record, record, uuid, integer), spelt_ids(uuid [], text [], text []),
beginning_ids(text, uuid [], text, text, integer), search_ids(text, uuid [], text [], integer),
newest_matches(text, uuid [], uuid [], text [], integer)
TO referrals_app;

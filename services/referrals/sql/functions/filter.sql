-- The ids of a list that is filtered by rating and locality. A null filter lets everything pass. `p_user` is a user who
-- sees only their own records, and null otherwise. Without compartments every compartment is in scope.
--
-- The records of compartments are found with the owner's rights, as in `newest_ids`: ids only. These queries are
-- planned at each call, since which conditions apply decides about the index.

-- Return the ids of open records that pass, in no order, and at most `p_most` of them.
CREATE OR REPLACE FUNCTION filtered_ids(
    p_register text, p_compartments uuid [], p_user uuid, p_ratings text [], p_localities text [], p_most integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    IF p_user IS NOT NULL THEN
        RETURN filtered_own_ids(p_register, p_user, p_ratings, p_localities, p_most);
    END IF;
    RETURN filtered_scope_ids(p_register, p_compartments, p_ratings, p_localities, p_most);
END
$$;

CREATE OR REPLACE FUNCTION filtered_scope_ids(
    p_register text, p_compartments uuid [], p_ratings text [], p_localities text [], p_most integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    RETURN ARRAY(
        SELECT r.id
        FROM record AS r
        WHERE r.register_code = p_register AND r.is_open
            AND (p_compartments IS NULL OR r.compartment_id = ANY(p_compartments))
            AND (p_ratings IS NULL OR r.rating = ANY(p_ratings))
            AND (p_localities IS NULL OR r.locality = ANY(p_localities))
        LIMIT p_most
    );
END
$$;

CREATE OR REPLACE FUNCTION filtered_own_ids(
    p_register text, p_user uuid, p_ratings text [], p_localities text [], p_most integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN ARRAY(
        SELECT r.id
        FROM record AS r
        WHERE r.register_code = p_register AND r.created_by = p_user AND r.is_open
            AND (p_ratings IS NULL OR r.rating = ANY(p_ratings))
            AND (p_localities IS NULL OR r.locality = ANY(p_localities))
        UNION ALL
        SELECT r.id
        FROM record AS r
        WHERE r.id = ANY(held_ids()) AND r.register_code = p_register AND r.created_by <> p_user AND r.is_open
            AND (p_ratings IS NULL OR r.rating = ANY(p_ratings))
            AND (p_localities IS NULL OR r.locality = ANY(p_localities))
        LIMIT p_most
    );
END
$$;

-- Return the ids that pass if there are many of them, the last updated first. More than a thousand records pass, so the
-- walk is short unless they were last updated long ago. `p_skip` and `p_take` together are at most a thousand.
CREATE OR REPLACE FUNCTION filtered_newest_ids(
    p_register text, p_compartments uuid [], p_user uuid, p_ratings text [], p_localities text [],
    p_skip integer, p_take integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    IF p_user IS NOT NULL THEN
        RETURN filtered_own_newest_ids(p_register, p_user, p_ratings, p_localities, p_skip, p_take);
    END IF;
    RETURN filtered_scope_newest_ids(p_register, p_compartments, p_ratings, p_localities, p_skip, p_take);
END
$$;

-- Walk the register until the page is full. If a walk of 10,000 records does not fill it, read each compartment by its
-- own index. With sorting off, no plan can read all rows first.
CREATE OR REPLACE FUNCTION filtered_scope_newest_ids(
    p_register text, p_compartments uuid [], p_ratings text [], p_localities text [], p_skip integer, p_take integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT
SET enable_sort = off SET enable_seqscan = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    page uuid [];
BEGIN
    page := ARRAY(
        SELECT w.id
        FROM (
            SELECT r.id, r.compartment_id, r.updated_at, r.rating, r.locality
            FROM record AS r
            WHERE r.register_code = p_register AND r.is_open
            ORDER BY r.updated_at DESC, r.id DESC
            LIMIT CASE WHEN p_compartments IS NOT NULL THEN 10000 END
        ) AS w
        WHERE (p_compartments IS NULL OR w.compartment_id = ANY(p_compartments))
            AND (p_ratings IS NULL OR w.rating = ANY(p_ratings))
            AND (p_localities IS NULL OR w.locality = ANY(p_localities))
        ORDER BY w.updated_at DESC, w.id DESC
        OFFSET p_skip LIMIT p_take
    );
    IF p_compartments IS NULL OR cardinality(page) = p_take THEN
        RETURN page;
    END IF;
    RETURN ARRAY(
        SELECT n.id
        FROM unnest(p_compartments) AS c (id)
        CROSS JOIN LATERAL (
            SELECT r.id, r.updated_at
            FROM record AS r
            WHERE r.register_code = p_register AND r.compartment_id = c.id AND r.is_open
                AND (p_ratings IS NULL OR r.rating = ANY(p_ratings))
                AND (p_localities IS NULL OR r.locality = ANY(p_localities))
            ORDER BY r.updated_at DESC, r.id DESC
            LIMIT p_skip + p_take
        ) AS n
        ORDER BY n.updated_at DESC, n.id DESC
        OFFSET p_skip LIMIT p_take
    );
END
$$;

CREATE OR REPLACE FUNCTION filtered_own_newest_ids(
    p_register text, p_user uuid, p_ratings text [], p_localities text [], p_skip integer, p_take integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT SET enable_sort = off AS $$
BEGIN
    RETURN ARRAY(
        SELECT theirs.id
        FROM (
            (
                SELECT r.id, r.updated_at
                FROM record AS r
                WHERE r.register_code = p_register AND r.created_by = p_user AND r.is_open
                    AND (p_ratings IS NULL OR r.rating = ANY(p_ratings))
                    AND (p_localities IS NULL OR r.locality = ANY(p_localities))
                ORDER BY r.updated_at DESC, r.id DESC
                LIMIT p_skip + p_take
            )
            UNION ALL
            SELECT r.id, r.updated_at
            FROM record AS r
            WHERE r.id = ANY(held_ids()) AND r.register_code = p_register AND r.created_by <> p_user
                AND r.is_open
                AND (p_ratings IS NULL OR r.rating = ANY(p_ratings))
                AND (p_localities IS NULL OR r.locality = ANY(p_localities))
        ) AS theirs
        ORDER BY theirs.updated_at DESC, theirs.id DESC
        OFFSET p_skip LIMIT p_take
    );
END
$$;

-- Return the ids that match, in the requested order or in its reverse. All spellings of a name stand together. `p_levels` are the ratings, the most urgent
-- first.
CREATE OR REPLACE FUNCTION in_order(
    p_ids uuid [], p_patterns text [], p_ratings text [], p_localities text [],
    p_sort text, p_descending boolean, p_levels text [], p_most integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    ordered uuid [];
BEGIN
    ordered := ARRAY(
        SELECT r.id
        FROM record AS r
        WHERE r.id = ANY(p_ids) AND r.is_open
            AND (p_patterns IS NULL OR r.search LIKE ALL(p_patterns))
            AND (p_ratings IS NULL OR r.rating = ANY(p_ratings))
            AND (p_localities IS NULL OR r.locality = ANY(p_localities))
        ORDER BY
            CASE WHEN p_sort = 'name'
                THEN coalesce(r.sort_name, lower(r.family_name) || ' ' || lower(r.given_name)) COLLATE "C" END,
            CASE WHEN p_sort = 'rating' THEN array_position(p_levels, r.rating) END,
            CASE WHEN p_sort = 'created' THEN r.created_at END DESC,
            r.updated_at DESC, r.id DESC
        LIMIT p_most
    );
    IF NOT p_descending THEN
        RETURN ordered;
    END IF;
    RETURN ARRAY(
        SELECT each.id FROM unnest(ordered) WITH ORDINALITY AS each (id, place) ORDER BY each.place DESC
    );
END
$$;

GRANT EXECUTE ON FUNCTION
filtered_ids(text, uuid [], uuid, text [], text [], integer),
filtered_scope_ids(text, uuid [], text [], text [], integer),
filtered_own_ids(text, uuid, text [], text [], integer),
filtered_newest_ids(text, uuid [], uuid, text [], text [], integer, integer),
filtered_scope_newest_ids(text, uuid [], text [], text [], integer, integer),
filtered_own_newest_ids(text, uuid, text [], text [], integer, integer),
in_order(uuid [], text [], text [], text [], text, boolean, text [], integer)
TO referrals_app;

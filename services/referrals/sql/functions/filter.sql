-- The ids of a list that is filtered by rating and locality. A null filter lets everything pass, and no code is
-- repeated.

-- Return the ids of active records that pass, in no order, and at most `p_most` of them. Except for a user's own
-- records, each organisation is read by the index of the filter, code by code. So even a generic plan, which knows no
-- values, expects few rows of each.
CREATE OR REPLACE FUNCTION filtered_ids(
    p_shape text, p_register text, p_orgs uuid [], p_user uuid, p_ratings text [], p_localities text [], p_most integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    CASE
        WHEN p_shape = 'own' THEN
            RETURN filtered_own_ids(p_register, p_user, p_ratings, p_localities, p_most);
        WHEN p_ratings IS NULL AND p_localities IS NULL THEN
            RETURN ARRAY(
                SELECT each.id FROM unnest(p_orgs) AS o (id)
                CROSS JOIN LATERAL (
                    SELECT r.id FROM record AS r
                    WHERE r.register_code = p_register AND r.organisation_id = o.id AND r.status = 0
                    LIMIT p_most
                ) AS each
                LIMIT p_most
            );
        WHEN p_localities IS NULL THEN
            RETURN ARRAY(
                SELECT each.id FROM unnest(p_orgs) AS o (id)
                CROSS JOIN unnest(p_ratings) AS rated (code)
                CROSS JOIN LATERAL (
                    SELECT r.id FROM record AS r
                    WHERE r.register_code = p_register AND r.organisation_id = o.id AND r.status = 0
                        AND r.rating = rated.code
                    LIMIT p_most
                ) AS each
                LIMIT p_most
            );
        WHEN p_ratings IS NULL THEN
            RETURN ARRAY(
                SELECT each.id FROM unnest(p_orgs) AS o (id)
                CROSS JOIN unnest(p_localities) AS living (code)
                CROSS JOIN LATERAL (
                    SELECT r.id FROM record AS r
                    WHERE r.register_code = p_register AND r.organisation_id = o.id AND r.status = 0
                        AND r.locality = living.code
                    LIMIT p_most
                ) AS each
                LIMIT p_most
            );
        ELSE
            RETURN ARRAY(
                SELECT each.id FROM unnest(p_orgs) AS o (id)
                CROSS JOIN unnest(p_ratings) AS rated (code)
                CROSS JOIN unnest(p_localities) AS living (code)
                CROSS JOIN LATERAL (
                    SELECT r.id FROM record AS r
                    WHERE r.register_code = p_register AND r.organisation_id = o.id AND r.status = 0
                        AND r.rating = rated.code AND r.locality = living.code
                    LIMIT p_most
                ) AS each
                LIMIT p_most
            );
    END CASE;
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
END
$$;

-- Return the ids that pass if there are many of them, by a walk from the last update backwards. More than a thousand
-- records pass, so the walk is short unless they were last updated long ago. `p_skip` and `p_take` together are at most
-- a thousand.
CREATE OR REPLACE FUNCTION filtered_ids_after(
    p_shape text, p_register text, p_orgs uuid [], p_user uuid, p_ratings text [], p_localities text [],
    p_skip integer, p_take integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT SET enable_sort = off AS $$
BEGIN
    CASE p_shape
        WHEN 'own' THEN
            RETURN filtered_own_ids_after(p_register, p_user, p_ratings, p_localities, p_skip, p_take);
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

CREATE OR REPLACE FUNCTION filtered_own_ids_after(
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
END
$$;

-- Return the ids that match, in the requested order or in its reverse. `p_levels` are the ratings, the most urgent
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
    IF NOT p_descending THEN
        RETURN ordered;
    END IF;
    RETURN ARRAY(
        SELECT each.id FROM unnest(ordered) WITH ORDINALITY AS each (id, place) ORDER BY each.place DESC
    );
END
$$;

GRANT EXECUTE ON FUNCTION
filtered_ids(text, text, uuid [], uuid, text [], text [], integer),
filtered_own_ids(text, uuid, text [], text [], integer),
filtered_ids_after(text, text, uuid [], uuid, text [], text [], integer, integer),
filtered_own_ids_after(text, uuid, text [], text [], integer, integer),
in_order(uuid [], text [], text [], text [], text, boolean, text [], integer)
TO referrals_app;

-- The ids of a page of a list. There is one query for each way to read a list: for a single organisation,
-- `organisation_id = ANY` would use the register's index and discard most of its rows. The index gives the order. With
-- sorting off, no plan can read all rows first, however few rows it expects to be in scope.

-- Return the ids of active records, the last updated first, from the start of the list or after a given row.
CREATE OR REPLACE FUNCTION ids_after(
    p_shape text, p_register text, p_orgs uuid [], p_user uuid, p_at timestamptz, p_id uuid, p_skip integer, p_take integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT SET enable_sort = off AS $$
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

-- Return the ids of the page that ends before a given row, read backwards.
CREATE OR REPLACE FUNCTION ids_before(
    p_shape text, p_register text, p_orgs uuid [], p_user uuid, p_at timestamptz, p_id uuid, p_take integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT SET enable_sort = off AS $$
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

GRANT EXECUTE ON FUNCTION
ids_after(text, text, uuid [], uuid, timestamptz, uuid, integer, integer),
ids_before(text, text, uuid [], uuid, timestamptz, uuid, integer)
TO referrals_app;

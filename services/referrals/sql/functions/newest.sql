-- The ids of a page of a list, the last updated first. SECURITY DEFINER and ids only: how far a walk over an index goes
-- cannot be limited under row-level security, because LIMIT counts only the rows that the policy lets through. The
-- callers read the rows by their ids under row-level security, so an extra id shows nothing. The index gives the order.
-- With sorting off, no plan can read all rows first.

-- Return the ids of open records from the start of the list or after a given row. Without compartments every
-- compartment is in scope. A short walk over the register usually fills the page, whichever compartments are in scope.
-- If it does not, each compartment is read by its own index.
CREATE OR REPLACE FUNCTION newest_ids(
    p_register text, p_compartments uuid [], p_at timestamptz, p_id uuid, p_skip integer, p_take integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT SET enable_sort = off AS $$
DECLARE
    place_at timestamptz := coalesce(p_at, 'infinity');
    place_id uuid := coalesce(p_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    page uuid [];
BEGIN
    IF p_compartments IS NULL THEN
        RETURN ARRAY(
            SELECT r.id
            FROM record AS r
            WHERE r.register_code = p_register AND r.is_open AND (r.updated_at, r.id) < (place_at, place_id)
            ORDER BY r.updated_at DESC, r.id DESC
            OFFSET p_skip LIMIT p_take
        );
    END IF;
    IF cardinality(p_compartments) > 1 THEN
        page := ARRAY(
            SELECT w.id
            FROM (
                SELECT r.id, r.compartment_id, r.updated_at
                FROM record AS r
                WHERE r.register_code = p_register AND r.is_open AND (r.updated_at, r.id) < (place_at, place_id)
                ORDER BY r.updated_at DESC, r.id DESC
                LIMIT greatest(1000, 10 * (p_skip + p_take))
            ) AS w
            WHERE w.compartment_id = ANY(p_compartments)
            ORDER BY w.updated_at DESC, w.id DESC
            OFFSET p_skip LIMIT p_take
        );
    END IF;
    IF cardinality(page) = p_take THEN
        RETURN page;
    END IF;
    RETURN ARRAY(
        SELECT n.id
        FROM unnest(p_compartments) AS c (id)
        CROSS JOIN LATERAL (
            SELECT r.id, r.updated_at
            FROM record AS r
            WHERE r.register_code = p_register AND r.compartment_id = c.id AND r.is_open
                AND (r.updated_at, r.id) < (place_at, place_id)
            ORDER BY r.updated_at DESC, r.id DESC
            LIMIT p_skip + p_take
        ) AS n
        ORDER BY n.updated_at DESC, n.id DESC
        OFFSET p_skip LIMIT p_take
    );
END
$$;

-- Return the ids of the page that ends before a given row, read backwards, in the same way as `newest_ids`.
CREATE OR REPLACE FUNCTION ids_before(
    p_register text, p_compartments uuid [], p_at timestamptz, p_id uuid, p_take integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT SET enable_sort = off AS $$
DECLARE
    page uuid [];
BEGIN
    IF p_compartments IS NULL THEN
        RETURN ARRAY(
            SELECT r.id
            FROM record AS r
            WHERE r.register_code = p_register AND r.is_open AND (r.updated_at, r.id) > (p_at, p_id)
            ORDER BY r.updated_at, r.id
            LIMIT p_take
        );
    END IF;
    IF cardinality(p_compartments) > 1 THEN
        page := ARRAY(
            SELECT w.id
            FROM (
                SELECT r.id, r.compartment_id, r.updated_at
                FROM record AS r
                WHERE r.register_code = p_register AND r.is_open AND (r.updated_at, r.id) > (p_at, p_id)
                ORDER BY r.updated_at, r.id
                LIMIT 1000
            ) AS w
            WHERE w.compartment_id = ANY(p_compartments)
            ORDER BY w.updated_at, w.id
            LIMIT p_take
        );
    END IF;
    IF cardinality(page) = p_take THEN
        RETURN page;
    END IF;
    RETURN ARRAY(
        SELECT n.id
        FROM unnest(p_compartments) AS c (id)
        CROSS JOIN LATERAL (
            SELECT r.id, r.updated_at
            FROM record AS r
            WHERE r.register_code = p_register AND r.compartment_id = c.id AND r.is_open
                AND (r.updated_at, r.id) > (p_at, p_id)
            ORDER BY r.updated_at, r.id
            LIMIT p_take
        ) AS n
        ORDER BY n.updated_at, n.id
        LIMIT p_take
    );
END
$$;

GRANT EXECUTE ON FUNCTION
newest_ids(text, uuid [], timestamptz, uuid, integer, integer), ids_before(text, uuid [], timestamptz, uuid, integer)
TO referrals_app;

-- Records that users hold or cover.

-- Return the records that the user of the context holds or covers today. SECURITY DEFINER, since otherwise the policies
-- of the two tables would call each other.
CREATE OR REPLACE FUNCTION held_ids() RETURNS uuid []
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT coalesce(array_agg(DISTINCT h.record_id), '{}')
    FROM record_holding AS h
    WHERE h.user_id = nullif(current_setting('app.user', true), '')::uuid AND h.ended_at IS NULL
        AND h.until_day >= (now() AT TIME ZONE 'Europe/London')::date
        AND h.from_day <= (now() AT TIME ZONE 'Europe/London')::date
$$;

-- Like `ids_after` and `ids_before`, for a user who holds or covers other users' records. The records that the user
-- created are read by their index; the others are few.
CREATE OR REPLACE FUNCTION own_ids_after(
    p_register text, p_user uuid, p_held uuid [], p_at timestamptz, p_id uuid, p_skip integer, p_take integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    place_at timestamptz := coalesce(p_at, 'infinity');
    place_id uuid := coalesce(p_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
BEGIN
    RETURN ARRAY(
        SELECT theirs.id
        FROM (
            (
                SELECT r.id, r.updated_at
                FROM record AS r
                WHERE r.register_code = p_register AND r.created_by = p_user AND r.is_open
                    AND (r.updated_at, r.id) < (place_at, place_id)
                ORDER BY r.updated_at DESC, r.id DESC
                LIMIT p_skip + p_take
            )
            UNION ALL
            SELECT r.id, r.updated_at
            FROM record AS r
            WHERE r.id = ANY(p_held) AND r.register_code = p_register AND r.created_by <> p_user AND r.is_open
                AND (r.updated_at, r.id) < (place_at, place_id)
        ) AS theirs
        ORDER BY theirs.updated_at DESC, theirs.id DESC
        OFFSET p_skip LIMIT p_take
    );
END
$$;

CREATE OR REPLACE FUNCTION own_ids_before(
    p_register text, p_user uuid, p_held uuid [], p_at timestamptz, p_id uuid, p_take integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN ARRAY(
        SELECT theirs.id
        FROM (
            (
                SELECT r.id, r.updated_at
                FROM record AS r
                WHERE r.register_code = p_register AND r.created_by = p_user AND r.is_open
                    AND (r.updated_at, r.id) > (p_at, p_id)
                ORDER BY r.updated_at, r.id
                LIMIT p_take
            )
            UNION ALL
            SELECT r.id, r.updated_at
            FROM record AS r
            WHERE r.id = ANY(p_held) AND r.register_code = p_register AND r.created_by <> p_user AND r.is_open
                AND (r.updated_at, r.id) > (p_at, p_id)
        ) AS theirs
        ORDER BY theirs.updated_at, theirs.id
        LIMIT p_take
    );
END
$$;

GRANT EXECUTE ON FUNCTION
held_ids(),
own_ids_after(text, uuid, uuid [], timestamptz, uuid, integer, integer),
own_ids_before(text, uuid, uuid [], timestamptz, uuid, integer)
TO referrals_app;

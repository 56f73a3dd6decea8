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

-- Return the open records that the user of the context holds: as their named holder, or as their creator if no holder
-- was named. SECURITY DEFINER, since a policy of holdings calls it, which may not read holdings itself.
CREATE OR REPLACE FUNCTION holder_ids() RETURNS uuid []
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT coalesce(array_agg(theirs.id), '{}')
    FROM (
        SELECT r.id
        FROM record AS r
        WHERE r.register_code = current_setting('app.register', true) AND r.is_open
            AND r.created_by = nullif(current_setting('app.user', true), '')::uuid
            AND NOT EXISTS (
                SELECT FROM record_holding AS h WHERE h.record_id = r.id AND h.kind = 'holder' AND h.ended_at IS NULL
            )
        UNION ALL
        SELECT h.record_id
        FROM record_holding AS h
        JOIN record AS r ON r.id = h.record_id AND r.is_open
        WHERE h.user_id = nullif(current_setting('app.user', true), '')::uuid AND h.kind = 'holder'
            AND h.ended_at IS NULL
    ) AS theirs
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
held_ids(), holder_ids(),
own_ids_after(text, uuid, uuid [], timestamptz, uuid, integer, integer),
own_ids_before(text, uuid, uuid [], timestamptz, uuid, integer)
TO referrals_app;

-- Mark the covers that have begun or are over, and return whom to tell of each, once. A cover that is over is never
-- told as begun. Of covers of archived records nothing is told. `told` is who covers and who holds the record, without
-- the user who ended the cover. SECURITY DEFINER: covers of all compartments begin and end, and there is no user.
CREATE OR REPLACE FUNCTION tell_covers(p_day date, p_registers text [], p_most integer) RETURNS TABLE (
    record_id uuid, register_code text, reference text, version integer, organisation_id uuid, bodies text [],
    is_over boolean, told uuid []
)
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    WITH due AS (
        SELECT h.id, h.record_id, h.user_id, h.ended_by, h.begun_told_at IS NOT NULL AS was_told_begun,
            h.ended_at IS NOT NULL OR h.until_day < p_day AS is_over
        FROM record_holding AS h
        JOIN record AS r ON r.id = h.record_id
        WHERE h.kind = 'cover' AND h.over_told_at IS NULL AND r.register_code = ANY(p_registers)
            AND (h.ended_at IS NOT NULL OR h.until_day < p_day OR (h.from_day <= p_day AND h.begun_told_at IS NULL))
        ORDER BY h.from_day
        LIMIT p_most
        FOR NO KEY UPDATE OF h SKIP LOCKED
    ), marked AS (
        UPDATE record_holding AS h
        SET begun_told_at = coalesce(h.begun_told_at, now()), over_told_at = CASE WHEN d.is_over THEN now() END
        FROM due AS d
        WHERE h.id = d.id
    )
    SELECT r.id, r.register_code, r.reference, r.version, r.organisation_id, c.bodies, d.is_over, ARRAY(
        SELECT DISTINCT t.user_id
        FROM unnest(ARRAY[d.user_id, coalesce(holder.user_id, r.created_by)]) AS t (user_id)
        WHERE t.user_id IS DISTINCT FROM d.ended_by
    )
    FROM due AS d
    JOIN record AS r ON r.id = d.record_id
    LEFT JOIN compartment AS c ON c.compartment_id = r.compartment_id
    LEFT JOIN record_holding AS holder ON holder.record_id = r.id AND holder.kind = 'holder' AND holder.ended_at IS NULL
    WHERE r.is_open AND (d.was_told_begun OR NOT d.is_over)
$$;

GRANT EXECUTE ON FUNCTION tell_covers(date, text [], integer) TO referrals_background;

-- Which records the user of the context holds: as their named holder, or as their creator if no holder was named. The
-- policy of the next file calls it; later releases change it in `functions/holding.sql`.
CREATE FUNCTION holder_ids() RETURNS uuid []
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

DO $$
BEGIN
    EXECUTE format('GRANT EXECUTE ON FUNCTION holder_ids() TO %I', current_schema() || '_app');
END
$$;

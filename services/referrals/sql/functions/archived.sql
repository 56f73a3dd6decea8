-- Records that have ended, of people who are on the register again.

-- Return which records that have ended share a key with each of these records, or are linked to the same person: ids
-- alone, of every compartment. Two records that the team holds to be two people's do not match by a key. SECURITY
-- DEFINER: keys have no grant. The query that calls it keeps the user's scope.
CREATE OR REPLACE FUNCTION ended_matches(p_register text, p_records uuid []) RETURNS TABLE (
    record_id uuid, ended_id uuid
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT k.record_id, r.id
    FROM record_key AS k
    INNER JOIN record_key AS e ON e.register_code = k.register_code AND e.key = k.key AND e.record_id <> k.record_id
    INNER JOIN record AS r ON r.id = e.record_id AND NOT r.is_open
    WHERE k.register_code = p_register AND k.record_id = ANY(p_records) AND NOT EXISTS (
        SELECT
        FROM possible_duplicate AS d
        WHERE d.one = least(k.record_id, r.id) AND d.other = greatest(k.record_id, r.id) AND d.state = 'dismissed'
    )
    UNION
    SELECT l.record_id, r.id
    FROM person_link AS l
    INNER JOIN person_link AS e ON e.person_id = l.person_id AND e.record_id <> l.record_id
    INNER JOIN record AS r ON r.id = e.record_id AND r.register_code = p_register AND NOT r.is_open
    WHERE l.record_id = ANY(p_records)
$$;

-- Return the ended records of the people whom these records are about, where the user may see both: at most `p_most`,
-- the last ended first. Audited, in one round trip.
CREATE OR REPLACE FUNCTION ended_before(p_scope jsonb, p_records uuid [], p_most integer) RETURNS TABLE (
    record_id uuid, ended_id uuid, reference text, ended_at timestamptz
)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    scope record := open_scope(p_scope);
    again uuid [];
    ended uuid [];
BEGIN
    SELECT array_agg(f.record_id), array_agg(f.ended_id) INTO again, ended
    FROM (
        SELECT m.record_id, m.ended_id
        FROM ended_matches(scope.register_code, in_sight(scope, p_records)) AS m
        JOIN record AS r ON r.id = m.ended_id AND NOT r.is_open AND r.register_code = scope.register_code
        WHERE scope.compartment_ids IS NULL OR r.compartment_id = ANY(scope.compartment_ids)
        ORDER BY r.ended_at DESC, r.id
        LIMIT p_most
    ) AS f;
    IF ended IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO audit (actor, session, action, register, subjects)
    VALUES (scope.user_id, scope.session_id, 'record.ended_before_read', scope.register_code,
        ARRAY(SELECT DISTINCT e.id FROM unnest(ended) AS e (id) ORDER BY e.id));
    RETURN QUERY
    SELECT p.again, r.id, r.reference, r.ended_at
    FROM unnest(again, ended) AS p (again, ended)
    JOIN record AS r ON r.id = p.ended
    ORDER BY r.ended_at DESC, r.id;
END
$$;

GRANT EXECUTE ON FUNCTION ended_matches(text, uuid []), ended_before(jsonb, uuid [], integer) TO referrals_app;

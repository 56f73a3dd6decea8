-- Records that have ended, of people who are on the register again.

-- Link each record that got a new key to the ended records that have the key. The link stays when the key goes.
CREATE OR REPLACE FUNCTION link_ended() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF current_setting('row_security') = 'off' THEN
        RETURN NULL;
    END IF;
    INSERT INTO record_return (record_id, ended_id)
    SELECT DISTINCT o.id, e.id
    FROM added AS a
    INNER JOIN record AS o ON o.id = a.record_id AND o.is_open
    INNER JOIN record_key AS k ON k.register_code = a.register_code AND k.key = a.key AND k.record_id <> a.record_id
    INNER JOIN record AS e ON e.id = k.record_id AND NOT e.is_open
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

-- Return which records that have ended were found to be of the same person as these records, share a key with them, or
-- are linked to the same person: ids alone, of every compartment. Two records that the team holds to be two people's do
-- not match. SECURITY DEFINER: keys and links have no grant. The query that calls it keeps the user's scope.
CREATE OR REPLACE FUNCTION ended_matches(p_register text, p_records uuid []) RETURNS TABLE (
    record_id uuid, ended_id uuid
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT m.record_id, r.id
    FROM (
        SELECT k.record_id, e.record_id AS ended_id
        FROM record_key AS k
        INNER JOIN record_key AS e ON e.register_code = k.register_code AND e.key = k.key AND e.record_id <> k.record_id
        WHERE k.register_code = p_register AND k.record_id = ANY(p_records)
        UNION
        SELECT b.record_id, b.ended_id FROM record_return AS b WHERE b.record_id = ANY(p_records)
    ) AS m
    INNER JOIN record AS r ON r.id = m.ended_id AND r.register_code = p_register AND NOT r.is_open
    WHERE NOT EXISTS (
        SELECT
        FROM possible_duplicate AS d
        WHERE d.one = least(m.record_id, r.id) AND d.other = greatest(m.record_id, r.id) AND d.state = 'dismissed'
    )
    UNION
    SELECT l.record_id, r.id
    FROM person_link AS l
    INNER JOIN person_link AS e ON e.person_id = l.person_id AND e.record_id <> l.record_id
    INNER JOIN record AS r ON r.id = e.record_id AND r.register_code = p_register AND NOT r.is_open
    WHERE l.record_id = ANY(p_records)
$$;

-- Return the ids of the records that were added again for the person of an ended record: of every compartment.
-- SECURITY DEFINER: keys and links have no grant. The query that calls it keeps the user's scope.
CREATE OR REPLACE FUNCTION returned_ids(p_register text, p_ended uuid) RETURNS uuid []
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT coalesce(array_agg(DISTINCT m.record_id), '{}')
    FROM ended_matches(p_register, ARRAY(
        SELECT b.record_id FROM record_return AS b WHERE b.ended_id = p_ended
        UNION
        SELECT k.record_id
        FROM record_key AS e
        INNER JOIN record_key AS k ON k.register_code = e.register_code AND k.key = e.key AND k.record_id <> e.record_id
        WHERE e.record_id = p_ended
        UNION
        SELECT l.record_id
        FROM person_link AS e
        INNER JOIN person_link AS l ON l.person_id = e.person_id AND l.record_id <> e.record_id
        WHERE e.record_id = p_ended
    )) AS m
    WHERE m.ended_id = p_ended
$$;

-- Return the ids of the ended records whose search text has all of these words, or all of the joined ones: at most
-- `p_most`, the last ended first. SECURITY DEFINER: LIKE cannot use its index under row-level security. The query that
-- calls it keeps the user's scope.
CREATE OR REPLACE FUNCTION ended_search_ids(
    p_register text, p_compartments uuid [], p_patterns text [], p_joined text [], p_most integer
) RETURNS uuid []
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT ARRAY(
        SELECT r.id
        FROM record AS r
        WHERE r.register_code = p_register AND NOT r.is_open
            AND (p_compartments IS NULL OR r.compartment_id = ANY(p_compartments))
            AND (r.search LIKE ALL (p_patterns) OR (p_joined IS NOT NULL AND r.search LIKE ALL (p_joined)))
        ORDER BY r.ended_at DESC, r.id DESC
        LIMIT p_most
    )
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

GRANT EXECUTE ON FUNCTION
ended_matches(text, uuid []), ended_before(jsonb, uuid [], integer), returned_ids(text, uuid),
ended_search_ids(text, uuid [], text [], text [], integer)
TO referrals_app;

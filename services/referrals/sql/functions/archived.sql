-- Records that have ended, of people who are on the register again.

-- Return which records that have ended share a key with each of these records, or are linked to the same person: ids
-- alone, of every compartment. SECURITY DEFINER: keys have no grant. The query that calls it keeps the user's scope.
CREATE OR REPLACE FUNCTION ended_matches(p_register text, p_records uuid []) RETURNS TABLE (
    record_id uuid, ended_id uuid
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT k.record_id, r.id
    FROM record_key AS k
    INNER JOIN record_key AS e ON e.register_code = k.register_code AND e.key = k.key AND e.record_id <> k.record_id
    INNER JOIN record AS r ON r.id = e.record_id AND NOT r.is_open
    WHERE k.register_code = p_register AND k.record_id = ANY(p_records)
    UNION
    SELECT l.record_id, r.id
    FROM person_link AS l
    INNER JOIN person_link AS e ON e.person_id = l.person_id AND e.record_id <> l.record_id
    INNER JOIN record AS r ON r.id = e.record_id AND r.register_code = p_register AND NOT r.is_open
    WHERE l.record_id = ANY(p_records)
$$;

GRANT EXECUTE ON FUNCTION ended_matches(text, uuid []) TO referrals_app;

-- What copies need to say how many records stood at each level of the rating in weeks that are over.

-- The ratings of some records, each with when it was given, in their order. `p_questions` names the rating's question by
-- register and edition, as in code/edition. Versions that did not touch it are left out. SECURITY DEFINER: reports reads
-- all registers and organisations.
CREATE FUNCTION read_ratings(p_records uuid [], p_questions jsonb) RETURNS TABLE (
    record_id uuid, since timestamptz, code text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT v.record_id, v.changed_at, coalesce(v.answers ->> q.name, '')
    FROM record AS r
    INNER JOIN record_version AS v ON v.record_id = r.id
    CROSS JOIN LATERAL (SELECT p_questions ->> (r.register_code || '/' || v.edition) AS name) AS q
    WHERE r.id = ANY(p_records) AND q.name IS NOT NULL
        AND (v.version = 0 OR v.changes @> jsonb_build_array(jsonb_build_array(q.name)))
    ORDER BY v.record_id, v.version
$$;

DO $$
DECLARE
    app text := current_schema() || '_app';
BEGIN
    EXECUTE 'REVOKE ALL ON FUNCTION read_ratings(uuid [], jsonb) FROM PUBLIC';
    EXECUTE format('GRANT EXECUTE ON FUNCTION read_ratings(uuid [], jsonb) TO %I', app);
END
$$;

-- What users who are no administrators are told of outcomes.

-- Return the last outcome of a record that counts, and of its answers only those named. SECURITY DEFINER: row-level
-- security shows outcomes to administrators alone. It keeps to the register and the compartments of the present user,
-- and the service calls it only after referrals has said that they may update the record.
CREATE OR REPLACE FUNCTION told_outcome(p_record uuid, p_told text []) RETURNS TABLE (
    outcome_id uuid, edition text, recorded_at timestamptz, answers jsonb
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT o.id, o.edition, o.recorded_at, (
        SELECT coalesce(jsonb_object_agg(t.name, o.answers -> t.name), '{}')
        FROM unnest(p_told) AS t (name)
        WHERE o.answers ? t.name
    )
    FROM outcome AS o
    WHERE o.record_id = p_record AND o.state = 'saved'
        AND o.register_code = current_setting('app.register', true)
        AND (
            current_setting('app.all', true) = '1'
            OR o.compartment_id = ANY(nullif(current_setting('app.compartments', true), '')::uuid [])
        )
    ORDER BY o.recorded_at DESC, o.id DESC
    LIMIT 1
$$;
GRANT EXECUTE ON FUNCTION told_outcome(uuid, text []) TO outcomes_app;

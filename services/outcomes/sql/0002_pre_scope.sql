-- Who sees which outcomes: administrators, those of their register and organisations. The service's own queries say it
-- too; with theirs removed, this alone keeps registers and organisations apart. Without a context there are no rows.

-- Take what has been pending for ten seconds, so that nobody else asks for it meanwhile: ids alone, of any
-- organisation. Nothing while another replica is at it.
CREATE FUNCTION take_pending(p_most integer) RETURNS TABLE (
    outcome_id uuid, register_code text, record_id uuid, record_version integer, organisation_id uuid, recorded_by uuid
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_column
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.pending', 0)) THEN
        RETURN;
    END IF;
    RETURN QUERY
    UPDATE outcome AS o
    SET asked_at = clock_timestamp()
    WHERE o.id IN (
        SELECT p.id FROM outcome AS p
        WHERE p.state = 'pending' AND p.asked_at < clock_timestamp() - interval '10 seconds'
        ORDER BY p.asked_at
        LIMIT p_most
    )
    RETURNING o.id, o.register_code, o.record_id, o.record_version, o.organisation_id, o.recorded_by;
END
$$;

-- What became of a pending outcome; false when that was said before. What was refused is forgotten, because the person
-- has it on their screen still.
CREATE FUNCTION settle_ending(p_outcome uuid, p_state text, p_refusal text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE outcome
    SET state = p_state, refusal = p_refusal, answers = CASE WHEN p_state = 'refused' THEN '{}' ELSE answers END
    WHERE id = p_outcome AND state = 'pending';
    RETURN FOUND;
END
$$;

DO $$
DECLARE
    app text := current_schema() || '_app';
    owner text := current_schema() || '_owner';
    -- Each setting is read once a query and not once a row. After a transaction it is '' and not null.
    in_register text := 'register_code = (SELECT current_setting(''app.register'', true))';
    in_orgs text := 'organisation_id = ANY ((SELECT nullif(current_setting(''app.orgs'', true), '''')::uuid [])::uuid [])';
    in_role text := '(SELECT current_setting(''app.role'', true)) = ''administrator''';
    scope text := in_register || ' AND ' || in_orgs;
BEGIN
    ALTER TABLE outcome ENABLE ROW LEVEL SECURITY;
    ALTER TABLE outcome FORCE ROW LEVEL SECURITY;
    -- The owner sees all, so that migrations and the two functions work on what is there.
    EXECUTE format('CREATE POLICY owner ON outcome TO %I USING (true) WITH CHECK (true)', owner);
    EXECUTE format('CREATE POLICY scope ON outcome TO %1$I USING (%2$s) WITH CHECK (%2$s)', app, scope);
    EXECUTE format('CREATE POLICY roles ON outcome AS RESTRICTIVE TO %1$I USING (%2$s) WITH CHECK (%2$s)', app, in_role);
    EXECUTE format('GRANT SELECT, INSERT ON outcome TO %I', app);
    EXECUTE format('REVOKE ALL ON FUNCTION take_pending(integer), settle_ending(uuid, text, text) FROM PUBLIC');
    EXECUTE format('GRANT EXECUTE ON FUNCTION take_pending(integer), settle_ending(uuid, text, text) TO %I', app);
END
$$;

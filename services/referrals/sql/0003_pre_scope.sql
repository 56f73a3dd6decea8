-- Who sees which rows. The service's own queries say it too; with theirs removed, this alone keeps registers,
-- organisations and people apart. Without a context there are no rows.
--
-- The owner sees all, so that migrations, folding and erasure work on what is there. A backup role that is not a
-- superuser needs a policy of its own, USING (true), and `pg_dump --enable-row-security`.

DO $$
DECLARE
    app text := current_schema() || '_app';
    owner text := current_schema() || '_owner';
    -- Each setting is read once a query and not once a row. After a transaction it is '' and not null.
    in_register text := 'register_code = (SELECT current_setting(''app.register'', true))';
    in_orgs text := 'organisation_id = ANY ((SELECT nullif(current_setting(''app.orgs'', true), '''')::uuid [])::uuid [])';
    own text := '((SELECT current_setting(''app.own'', true)) IS DISTINCT FROM ''1'' OR '
        'created_by = (SELECT nullif(current_setting(''app.user'', true), '''')::uuid))';
    scope text := in_register || ' AND ' || in_orgs || ' AND ' || own;
    readers text := '(SELECT current_setting(''app.role'', true) IN (''standard'', ''reporting'', ''administrator''))';
    writers text := '(SELECT current_setting(''app.role'', true) IN (''standard'', ''administrator''))';
    through_record text := 'EXISTS (SELECT FROM record AS r WHERE r.id = record_id)';
    each text;
BEGIN
    FOREACH each IN ARRAY ARRAY['record', 'record_version', 'note', 'counter', 'delta', 'record_word'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', each);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', each);
        EXECUTE format('CREATE POLICY owner ON %I TO %I USING (true) WITH CHECK (true)', each, owner);
        EXECUTE format('CREATE POLICY scope ON %1$I TO %2$I USING (%3$s) WITH CHECK (%3$s)', each, app,
            CASE WHEN each IN ('record_version', 'note') THEN through_record ELSE scope END);
        -- A master admin has no such role, whatever else the context says; a reporting user reads and never writes.
        EXECUTE format('CREATE POLICY roles ON %I AS RESTRICTIVE TO %I USING (%s) WITH CHECK (%s)', each, app,
            readers, writers);
    END LOOP;

    EXECUTE format('GRANT SELECT, INSERT ON record, record_version, note TO %I', app);
    EXECUTE format('GRANT UPDATE (updated_at, archived_at, status, version, updates, rating, rated_at, locality, given_name, '
        'family_name, born, nhs_number, postcode, search, answers) ON record TO %I', app);
    EXECUTE format('GRANT SELECT ON counter, delta, record_word TO %I', app);
    EXECUTE format('REVOKE ALL ON FUNCTION fold_deltas(), prove_counters() FROM PUBLIC');
    EXECUTE format('GRANT EXECUTE ON FUNCTION fold_deltas(), prove_counters() TO %I', app);
END
$$;

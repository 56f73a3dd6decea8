-- Who sees which rows. The service's own queries say it too; with theirs removed, this alone keeps registers, organisations
-- and people apart. Without a context there are no rows, and only those who may read reports have one.

DO $$
DECLARE
    app text := current_schema() || '_app';
    owner text := current_schema() || '_owner';
    in_register text := 'register_code = (SELECT current_setting(''app.register'', true))';
    in_orgs text := 'organisation_id = ANY ((SELECT nullif(current_setting(''app.orgs'', true), '''')::uuid [])::uuid [])';
    own text := 'user_id = (SELECT nullif(current_setting(''app.user'', true), '''')::uuid)';
    readers text := '(SELECT current_setting(''app.role'', true)) IN (''reporting'', ''administrator'')';
    scopes jsonb := jsonb_build_object(
        'record_copy', in_register || ' AND ' || in_orgs,
        'outcome_copy', 'EXISTS (SELECT FROM record_copy AS r WHERE r.record_id = outcome_copy.record_id)',
        'tally', in_register || ' AND ' || in_orgs,
        'job', in_register || ' AND ' || own,
        'chunk', 'EXISTS (SELECT FROM job AS j WHERE j.id = chunk.job_id)'
    );
    each text;
BEGIN
    FOR each IN SELECT jsonb_object_keys(scopes) LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', each);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', each);
        EXECUTE format('CREATE POLICY owner ON %I TO %I USING (true) WITH CHECK (true)', each, owner);
        EXECUTE format('CREATE POLICY scope ON %1$I TO %2$I USING (%3$s) WITH CHECK (%3$s)', each, app, scopes ->> each);
        EXECUTE format('CREATE POLICY roles ON %1$I AS RESTRICTIVE TO %2$I USING (%3$s) WITH CHECK (%3$s)', each, app, readers);
    END LOOP;

    EXECUTE format('GRANT SELECT ON record_copy, outcome_copy, tally, feed TO %I', app);
    EXECUTE format('GRANT UPDATE (wanted, counted_by) ON feed TO %I', app);
    EXECUTE format('GRANT SELECT, INSERT ON job, chunk TO %I', app);
    EXECUTE format('GRANT UPDATE (state, ended_at, lease_until, downloads) ON job TO %I', app);
    EXECUTE format('GRANT DELETE ON chunk TO %I', app);
    EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
    EXECUTE format('GRANT EXECUTE ON FUNCTION apply_records, apply_outcomes, recount, find_overdue, begin_rebuild, end_rebuild, '
        'prove_tallies, claim_job, keep_job, drop_job, finish_job, sweep_jobs TO %I', app);
END
$$;

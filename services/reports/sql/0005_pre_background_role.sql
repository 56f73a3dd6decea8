-- The service's own work runs under a role of its own, so that no query of a page can call its functions. A new
-- installation has no such functions yet: they are granted to that role alone.
DO $$
DECLARE
    each regprocedure;
BEGIN
    FOR each IN
        SELECT p.oid
        FROM pg_proc AS p
        WHERE p.pronamespace = current_schema()::regnamespace AND p.proname IN (
            'apply_outcomes', 'apply_records', 'begin_rebuild', 'claim_job', 'drop_job', 'end_rebuild',
            'find_overdue', 'finish_job', 'fold_weeks', 'keep_job', 'measure_jobs', 'prove_tallies', 'prove_weeks',
            'recount', 'sweep_jobs'
        )
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM %I', each, current_schema() || '_app');
    END LOOP;
END
$$;

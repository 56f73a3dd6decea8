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
            'assign_feed', 'count_in_edition', 'end_due', 'find_alike', 'find_unsettled', 'flag_alike',
            'flag_matches', 'fold_deltas', 'list_standings', 'prove_counters', 'read_feed', 'read_people',
            'read_ratings', 'read_standings', 'refold_records', 'refresh_statistics', 'sweep_drafts'
        )
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM %I', each, current_schema() || '_app');
    END LOOP;
END
$$;

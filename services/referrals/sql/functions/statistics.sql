-- Statistics of tables that start empty and grow.

-- Analyse the tables that have doubled since they were last analysed, and return how many there were. Connections keep
-- their plans, and a plan made while a table was empty reads all of it. Autovacuum runs a minute later, when a first
-- load is over. SECURITY DEFINER: only the owner may analyse.
CREATE OR REPLACE FUNCTION refresh_statistics() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    each name;
    refreshed integer := 0;
BEGIN
    FOR each IN
        SELECT c.relname
        FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace
            AND c.relname IN ('record', 'record_version', 'record_key', 'record_word')
            AND pg_stat_get_mod_since_analyze(c.oid) > 200 + greatest(c.reltuples, 0)
    LOOP
        EXECUTE format('ANALYZE %I', each);
        refreshed := refreshed + 1;
    END LOOP;
    RETURN refreshed;
END
$$;

-- Put the search text that waits in a list into its index, and return how many pages the list had. Every search reads the
-- list, so it is kept short. SECURITY DEFINER: only the owner may clean an index.
CREATE OR REPLACE FUNCTION clean_search() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT gin_clean_pending_list('record_search_within')
$$;

GRANT EXECUTE ON FUNCTION clean_search() TO referrals_background;
GRANT EXECUTE ON FUNCTION refresh_statistics() TO referrals_background;

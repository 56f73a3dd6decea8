-- A report belongs to the user who asked for it, and not to the session. A finished one is also limited to users who
-- reach every compartment that it covers: NULL stands for the whole register. Until then there is nothing in it.
--
-- `session_id` is not written any more. A report that a process of the old release finishes during the upgrade is found
-- by users of the whole register alone; others generate it again.
-- Processes of the old release compare the column, and find none of the new jobs by it.
-- squawk-ignore ban-drop-not-null
ALTER TABLE job ALTER COLUMN session_id DROP NOT NULL;

DROP POLICY scope ON job;
DO $$
DECLARE
    own text := 'register_code = (SELECT current_setting(''app.register'', true))'
        ' AND user_id = (SELECT nullif(current_setting(''app.user'', true), '''')::uuid)';
    reached text := '((SELECT current_setting(''app.all'', true)) = ''1'' OR (compartment_ids IS NULL AND state <> ''ready'')'
        ' OR compartment_ids <@ (SELECT nullif(current_setting(''app.compartments'', true), '''')::uuid []))';
BEGIN
    EXECUTE format('CREATE POLICY scope ON job TO %I USING (%2$s) WITH CHECK (%2$s)', current_schema() || '_app',
        own || ' AND ' || reached);
END
$$;

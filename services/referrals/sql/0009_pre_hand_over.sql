-- The holder of a record may hand it over, if they are a standard user. Only they and administrators name a holder, and
-- administrators alone name a cover.
DO $$
DECLARE
    in_role text := '(SELECT current_setting(''app.role'', true) IN (%s))';
BEGIN
    EXECUTE format('ALTER POLICY roles ON record_holding WITH CHECK (%s OR (%s AND kind = ''holder'' '
        'AND record_id = ANY ((SELECT holder_ids())::uuid [])))', format(in_role, '''administrator'''),
        format(in_role, '''standard'''));
END
$$;

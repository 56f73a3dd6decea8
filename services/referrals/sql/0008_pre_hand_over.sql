-- The holder of a record may hand it over, if they are a standard user. Only they and administrators name a holder, and
-- administrators alone name a cover. The function's body is in `functions/holding.sql`.
CREATE FUNCTION holds_record(p_record uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN RAISE EXCEPTION 'holds_record has no body yet'; END $$;

DO $$
DECLARE
    in_role text := '(SELECT current_setting(''app.role'', true) IN (%s))';
BEGIN
    EXECUTE format('ALTER POLICY roles ON record_holding WITH CHECK (%s OR (%s AND kind = ''holder'' '
        'AND holds_record(record_id)))', format(in_role, '''administrator'''), format(in_role, '''standard'''));
END
$$;

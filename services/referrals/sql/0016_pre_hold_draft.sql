-- Functions may be executed by everybody unless it is taken away; in this schema only the service has business.

DO $$
BEGIN
    REVOKE ALL ON FUNCTION hold_draft(uuid) FROM PUBLIC;
    EXECUTE format('GRANT EXECUTE ON FUNCTION hold_draft(uuid) TO %I', current_schema() || '_app');
END
$$;

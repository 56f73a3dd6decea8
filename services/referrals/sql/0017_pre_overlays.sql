-- What administrators have made of a register between its editions: each publishing is a row, and none is ever changed.
-- The newest of a register is in force. `changed` names the parts that it says otherwise than the one before.

CREATE TABLE overlay (
    register_code text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    content jsonb NOT NULL,
    changed text [] NOT NULL,
    published_by uuid NOT NULL,
    published_by_name text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (register_code, version)
);

-- A record, and the version of it that holds these answers, say which overlay was in force when they were saved. What
-- changes no answer (a review, an archive) leaves it as it is.
CREATE FUNCTION overlay_in_force(p_register text) RETURNS integer
LANGUAGE sql STABLE AS $$
    SELECT coalesce(max(o.version), 0) FROM overlay AS o WHERE o.register_code = p_register
$$;

CREATE FUNCTION name_overlay() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.overlay := overlay_in_force(NEW.register_code);
    RETURN NEW;
END
$$;

CREATE FUNCTION name_overlay_of_record() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.overlay := coalesce((SELECT r.overlay FROM record AS r WHERE r.id = NEW.record_id), NEW.overlay);
    RETURN NEW;
END
$$;

CREATE TRIGGER record_names_overlay BEFORE INSERT OR UPDATE OF answers ON record
FOR EACH ROW EXECUTE FUNCTION name_overlay();

CREATE TRIGGER record_version_names_overlay BEFORE INSERT ON record_version
FOR EACH ROW WHEN (NEW.act = 'created') EXECUTE FUNCTION name_overlay_of_record();

-- Every process reads what is in force, with nobody in the room. Only an administrator of the register adds to it, and
-- nobody takes anything back.
DO $$
DECLARE
    app text := current_schema() || '_app';
    owner text := current_schema() || '_owner';
    own text := 'register_code = (SELECT current_setting(''app.register'', true)) '
        'AND (SELECT current_setting(''app.role'', true)) = ''administrator''';
BEGIN
    ALTER TABLE overlay ENABLE ROW LEVEL SECURITY;
    ALTER TABLE overlay FORCE ROW LEVEL SECURITY;
    EXECUTE format('CREATE POLICY owner ON overlay TO %I USING (true) WITH CHECK (true)', owner);
    EXECUTE format('CREATE POLICY reading ON overlay FOR SELECT TO %I USING (true)', app);
    EXECUTE format('CREATE POLICY publishing ON overlay FOR INSERT TO %I WITH CHECK (%s)', app, own);
    EXECUTE format('GRANT SELECT, INSERT ON overlay TO %I', app);
    REVOKE ALL ON FUNCTION overlay_in_force(text), name_overlay(), name_overlay_of_record() FROM PUBLIC;
    EXECUTE format('GRANT EXECUTE ON FUNCTION overlay_in_force(text) TO %I', app);
END
$$;

-- What somebody has typed and not yet sent: for its owner's eyes alone, gone as soon as the form is carried out.

-- `id` is the id of the command that the form will be sent as. The row of a discarded draft stays empty until it is
-- swept away, so that a save that was under way cannot bring it back.
CREATE TABLE draft (
    user_id uuid NOT NULL,
    register_code text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    edition text NOT NULL DEFAULT '',
    name text NOT NULL DEFAULT '',
    typed jsonb NOT NULL DEFAULT '{}',
    started_at timestamptz NOT NULL,
    saved_at timestamptz NOT NULL,
    discarded boolean NOT NULL DEFAULT false,
    PRIMARY KEY (user_id, register_code, id),
    CONSTRAINT draft_discarded_is_empty CHECK (NOT discarded OR (name = '' AND typed = '{}'))
);
CREATE INDEX draft_age ON draft (saved_at);

-- One after the other: what saves a draft, and what carries out its command (see `draft_sent`).
CREATE FUNCTION hold_draft(p_id uuid) RETURNS void
LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('draft ' || p_id::text, 0))
$$;

-- Whatever is carried out takes the draft of its id away with it, in the same transaction. SECURITY DEFINER: the command
-- may come from a transaction in which no scope is set yet.
CREATE FUNCTION draft_sent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM hold_draft(new.id);
    DELETE FROM draft WHERE user_id = new.actor AND id = new.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER command_takes_its_draft AFTER INSERT ON command
FOR EACH ROW EXECUTE FUNCTION draft_sent();

-- Drafts that nobody has saved since a moment are deleted; how many there were. SECURITY DEFINER: they are everybody's.
CREATE FUNCTION sweep_drafts(p_before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    swept bigint;
BEGIN
    WITH gone AS (
        DELETE FROM draft AS d WHERE d.saved_at < p_before RETURNING d.register_code, d.id, d.discarded
    ), noted AS (
        INSERT INTO audit (action, register, subjects)
        SELECT 'draft.expired', g.register_code, array_agg(g.id) FROM gone AS g WHERE NOT g.discarded GROUP BY g.register_code
    )
    SELECT count(*) FILTER (WHERE NOT g.discarded) INTO swept FROM gone AS g;
    RETURN swept;
END
$$;

DO $$
DECLARE
    app text := current_schema() || '_app';
    owner text := current_schema() || '_owner';
    mine text := 'user_id = (SELECT nullif(current_setting(''app.user'', true), '''')::uuid) '
        'AND register_code = (SELECT current_setting(''app.register'', true)) '
        'AND (SELECT current_setting(''app.role'', true) IN (''standard'', ''administrator''))';
BEGIN
    ALTER TABLE draft ENABLE ROW LEVEL SECURITY;
    ALTER TABLE draft FORCE ROW LEVEL SECURITY;
    EXECUTE format('CREATE POLICY owner ON draft TO %I USING (true) WITH CHECK (true)', owner);
    EXECUTE format('CREATE POLICY mine ON draft TO %I USING (%s) WITH CHECK (%s)', app, mine, mine);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON draft TO %I', app);
    REVOKE ALL ON FUNCTION draft_sent(), sweep_drafts(timestamptz) FROM PUBLIC;
    EXECUTE format('GRANT EXECUTE ON FUNCTION sweep_drafts(timestamptz) TO %I', app);
END
$$;

-- What a mail about a record is about, so that administrators see what became of it, can have it sent again, and so
-- that others are told when an urgent one does not get through. Mails about accounts have no such row.

-- `sent_again_at`: since when a mail that had failed is being tried anew. `others_told_at`: when an urgent mail that had
-- not got through was seen to, by telling those who are told next.
ALTER TABLE mail ADD COLUMN sent_again_at timestamptz;
ALTER TABLE mail ADD COLUMN others_told_at timestamptz;

-- `notice_id` is what was told: one notice may become mails to several people. `mail_code` names the words, which are
-- forgotten once a mail has ended.
CREATE TABLE record_mail (
    mail_id uuid PRIMARY KEY REFERENCES mail (id) ON DELETE CASCADE,
    notice_id uuid NOT NULL,
    register_code text COLLATE "C" NOT NULL,
    organisation_id uuid NOT NULL,
    record_id uuid NOT NULL,
    reference text NOT NULL,
    occasion text NOT NULL,
    mail_code text NOT NULL,
    queued_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX record_mail_listed ON record_mail (register_code, organisation_id, queued_at DESC, mail_id DESC);
CREATE INDEX record_mail_of_notice ON record_mail (notice_id);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX mail_undelivered ON mail (id) WHERE state <> 'accepted';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX mail_urgent_open ON mail (register_code, created_at)
WHERE template = 'urgent_record' AND others_told_at IS NULL AND state <> 'accepted';

-- The urgent mails of a register that failed, or have waited since before a moment, and of which nobody else was told:
-- ids and references alone, of any organisation.
CREATE FUNCTION find_not_through(p_register text, p_before timestamptz, p_most integer) RETURNS TABLE (
    mail_id uuid, notice_id uuid, organisation_id uuid, record_id uuid, reference text, occasion text, mail_code text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT r.mail_id, r.notice_id, r.organisation_id, r.record_id, r.reference, r.occasion, r.mail_code
    FROM mail AS m
    JOIN record_mail AS r ON r.mail_id = m.id
    WHERE m.register_code = p_register AND m.template = 'urgent_record' AND m.others_told_at IS NULL
        AND m.state <> 'accepted' AND (m.state IN ('failed', 'given_up') OR m.created_at <= p_before)
    ORDER BY m.created_at
    LIMIT p_most
$$;

-- Everybody who was mailed because of a notice.
CREATE FUNCTION find_mailed(p_notice uuid) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT m.recipient FROM record_mail AS r JOIN mail AS m ON m.id = r.mail_id WHERE r.notice_id = p_notice
$$;

-- Who sees which rows. The service's own work, in which no visitor is in the room, is with the queue; it adds to
-- `record_mail` and reads it by the two functions alone. In a visitor's transaction there are the mails about records of
-- their register and organisations, for administrators, and no others: none about an account is ever among them.
DO $$
DECLARE
    app text := current_schema() || '_app';
    owner text := current_schema() || '_owner';
    -- Each setting is read once a query and not once a row. After a transaction it is '' and not null.
    own_work text := '(SELECT coalesce(current_setting(''app.user'', true), '''') = '''')';
    in_register text := 'register_code = (SELECT current_setting(''app.register'', true))';
    in_orgs text := 'organisation_id = ANY ((SELECT nullif(current_setting(''app.orgs'', true), '''')::uuid [])::uuid [])';
    in_role text := '(SELECT current_setting(''app.role'', true)) = ''administrator''';
    -- Not EXISTS, for which the planner may gather every mail in scope before it looks at the first.
    through_record text := '(SELECT true FROM record_mail AS r WHERE r.mail_id = id)';
    each text;
BEGIN
    FOREACH each IN ARRAY ARRAY['mail', 'record_mail'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', each);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', each);
        EXECUTE format('CREATE POLICY owner ON %I TO %I USING (true) WITH CHECK (true)', each, owner);
    END LOOP;
    EXECUTE format('CREATE POLICY own_work ON mail TO %1$I USING (%2$s) WITH CHECK (%2$s)', app, own_work);
    EXECUTE format('CREATE POLICY scope ON mail FOR SELECT TO %I USING (%s)', app, through_record);
    EXECUTE format('CREATE POLICY again ON mail FOR UPDATE TO %1$I USING (%2$s) WITH CHECK (%2$s)', app, through_record);
    EXECUTE format('CREATE POLICY own_work ON record_mail FOR INSERT TO %I WITH CHECK (%s)', app, own_work);
    EXECUTE format('CREATE POLICY scope ON record_mail FOR SELECT TO %I USING (%s)', app,
        in_register || ' AND ' || in_orgs || ' AND ' || in_role);
    EXECUTE format('GRANT SELECT, INSERT ON record_mail TO %I', app);
    EXECUTE 'REVOKE ALL ON FUNCTION find_not_through(text, timestamptz, integer), find_mailed(uuid) FROM PUBLIC';
    EXECUTE format('GRANT EXECUTE ON FUNCTION find_not_through(text, timestamptz, integer), find_mailed(uuid) TO %I', app);
END
$$;

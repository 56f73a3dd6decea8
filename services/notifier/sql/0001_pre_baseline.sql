-- The mail queue, and the records that mails are about.

-- One row for each mail. Subject and body are deleted once the mail has ended; the row stays for 90 days and shows the
-- result. `next_try_at` is also the end of the lease while a sender has the mail. `instead_of` is the urgent mail that
-- could not be delivered and that this mail replaces for other people. `sent_again_at`: since when a failed mail is
-- tried again. `others_told_at`: when other people were told of an urgent mail that was not delivered.
CREATE TABLE mail (
    id uuid PRIMARY KEY,
    register_code text NOT NULL,
    template text NOT NULL,
    lane text NOT NULL CHECK (lane IN ('now', 'bulk')),
    recipient text NOT NULL,
    subject text,
    body text,
    state text NOT NULL DEFAULT 'queued'
    CHECK (state IN ('queued', 'sending', 'accepted', 'failed', 'given_up', 'expired')),
    attempts integer NOT NULL DEFAULT 0,
    last_answer text,
    next_try_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz,
    instead_of uuid,
    claimed_by uuid,
    claimed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    sent_again_at timestamptz,
    others_told_at timestamptz,
    CONSTRAINT mail_content_while_it_waits
    CHECK ((state IN ('queued', 'sending')) = (subject IS NOT NULL AND body IS NOT NULL)),
    CONSTRAINT mail_claimed_while_sending CHECK ((state = 'sending') = (claimed_by IS NOT NULL)),
    CONSTRAINT mail_ended_once CHECK ((state IN ('queued', 'sending')) = (ended_at IS NULL))
);
CREATE INDEX mail_due ON mail (lane, next_try_at) WHERE state IN ('queued', 'sending');
CREATE INDEX mail_expiry ON mail (expires_at) WHERE state IN ('queued', 'sending');
CREATE INDEX mail_age ON mail (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX mail_undelivered ON mail (id) WHERE state <> 'accepted';
CREATE INDEX mail_urgent_open ON mail (register_code, created_at)
WHERE template = 'urgent_record' AND others_told_at IS NULL AND state <> 'accepted';

-- The sets of bodies whose staff may see a record, in registers whose scope is made of bodies. Names no person.
CREATE TABLE compartment (
    compartment_id uuid PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    bodies text [] NOT NULL CHECK (cardinality(bodies) > 0)
);
CREATE INDEX compartment_of_register ON compartment (register_code);
GRANT SELECT, INSERT ON compartment TO notifier_app;

-- The record that a mail is about. Mails about accounts have no such row. One notice, `notice_id`, may become mails to
-- several people. `mail_code` names the words in the definition; the text itself is deleted once a mail has ended.
CREATE TABLE record_mail (
    mail_id uuid PRIMARY KEY REFERENCES mail (id) ON DELETE CASCADE,
    notice_id uuid NOT NULL,
    register_code text COLLATE "C" NOT NULL,
    compartment_id uuid NOT NULL,
    record_id uuid NOT NULL,
    reference text NOT NULL,
    occasion text NOT NULL,
    mail_code text NOT NULL,
    queued_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX record_mail_listed ON record_mail (register_code, queued_at DESC, mail_id DESC) INCLUDE (compartment_id);
CREATE INDEX record_mail_of_compartment ON record_mail (register_code, compartment_id, queued_at DESC, mail_id DESC);
CREATE INDEX record_mail_of_notice ON record_mail (notice_id);
CREATE INDEX record_mail_of_record ON record_mail (record_id);

-- The latest move of a record: the version that gave it other bodies, and these bodies. A notice of an older version may
-- come later. Rows stay for 90 days. A record that never moved has none.
CREATE TABLE record_moved (
    record_id uuid PRIMARY KEY,
    version integer NOT NULL,
    bodies text [] NOT NULL CHECK (cardinality(bodies) > 0),
    moved_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT SELECT, INSERT, UPDATE, DELETE ON mail TO notifier_app;
GRANT SELECT, INSERT ON record_mail TO notifier_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON record_moved TO notifier_app;

-- Which rows each role sees. The service's own jobs, without a visitor, have the queue and the moves of records. They
-- insert into `record_mail`, and read and move it only through functions. Administrators see the mails about records of
-- their register and compartments, and no mail about an account. A setting is read once a query, not once a row; after a
-- transaction it is '' and not null.
DO $$
DECLARE
    own_work text := '(SELECT coalesce(current_setting(''app.user'', true), '''') = '''')';
    scope text := 'register_code = (SELECT current_setting(''app.register'', true)) AND '
        '((SELECT current_setting(''app.all'', true)) = ''1'' OR compartment_id = ANY ((SELECT '
        'nullif(current_setting(''app.compartments'', true), '''')::uuid [])::uuid []))';
    administrator text := '(SELECT current_setting(''app.role'', true)) = ''administrator''';
    -- EXISTS would let the planner collect every mail in scope before it looks at the first.
    about_record text := '(SELECT true FROM record_mail AS r WHERE r.mail_id = id)';
    each text;
BEGIN
    FOREACH each IN ARRAY ARRAY['mail', 'record_mail', 'record_moved'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', each);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', each);
        EXECUTE format('CREATE POLICY owner ON %I TO notifier_owner USING (true) WITH CHECK (true)', each);
    END LOOP;
    EXECUTE format('CREATE POLICY own_work ON mail TO notifier_app USING (%1$s) WITH CHECK (%1$s)', own_work);
    EXECUTE format('CREATE POLICY own_work ON record_moved TO notifier_app USING (%1$s) WITH CHECK (%1$s)', own_work);
    EXECUTE format('CREATE POLICY scope ON mail FOR SELECT TO notifier_app USING (%s)', about_record);
    EXECUTE format('CREATE POLICY again ON mail FOR UPDATE TO notifier_app USING (%1$s) WITH CHECK (%1$s)', about_record);
    EXECUTE format('CREATE POLICY own_work ON record_mail FOR INSERT TO notifier_app WITH CHECK (%s)', own_work);
    EXECUTE format('CREATE POLICY scope ON record_mail FOR SELECT TO notifier_app USING (%s AND %s)', scope, administrator);
END
$$;

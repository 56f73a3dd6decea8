-- Actions that are agreed about a record, usually at a meeting. `colleague_id` is the user who owns the action, or who
-- chases the `outsider` of a `service` that owns it; they get the reminders. `reference` is that of the record, and
-- `locality` that of its last known version. `soon_told_for` and `day_told_for` are the due dates of which the colleague
-- was reminded before the day and from it on; another due date is reminded of again. `overdue_told_on`: the day on which
-- the team was last told that it is overdue.
CREATE TABLE action (
    id uuid PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    compartment_id uuid NOT NULL,
    record_id uuid NOT NULL,
    meeting_id uuid,
    reference text COLLATE "C" NOT NULL,
    locality text COLLATE "C",
    text text NOT NULL,
    due_on date NOT NULL,
    colleague_id uuid NOT NULL,
    colleague_name text NOT NULL,
    outsider text NOT NULL DEFAULT '',
    service text NOT NULL DEFAULT '',
    state text COLLATE "C" NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'reported', 'closed', 'cancelled')),
    result text NOT NULL DEFAULT '',
    version integer NOT NULL DEFAULT 1,
    added_by uuid NOT NULL,
    added_by_name text NOT NULL,
    added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    soon_told_for date,
    day_told_for date,
    overdue_told_on date,
    CONSTRAINT action_outsider_of_a_service CHECK ((outsider = '') = (service = '')),
    CONSTRAINT action_done_with_a_result CHECK (state NOT IN ('reported', 'closed') OR result <> ''),
    CONSTRAINT action_ended_once CHECK ((ended_at IS NOT NULL) = (state IN ('closed', 'cancelled')))
);
CREATE INDEX action_of_record ON action (record_id);
CREATE INDEX action_due ON action (register_code, due_on, id) INCLUDE (compartment_id, state) WHERE ended_at IS NULL;
CREATE INDEX action_ended ON action (register_code, ended_at DESC, id) INCLUDE (compartment_id)
WHERE ended_at IS NOT NULL;
CREATE INDEX action_of_colleague ON action (colleague_id, register_code);

-- What happened to an action: comments, contacts with its owner, changes and decisions. `due_` and `who_` are the values
-- before and after a change.
CREATE TABLE action_entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    action_id uuid NOT NULL REFERENCES action (id) ON DELETE CASCADE,
    kind text COLLATE "C" NOT NULL CHECK (
        kind IN ('added', 'comment', 'contact', 'changed', 'reported', 'returned', 'closed', 'cancelled')
    ),
    text text NOT NULL DEFAULT '',
    contacted_on date,
    contacted_by text COLLATE "C",
    due_before date,
    due_after date,
    who_before text NOT NULL DEFAULT '',
    who_after text NOT NULL DEFAULT '',
    written_by uuid NOT NULL,
    written_by_name text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT action_entry_contact_whole CHECK (
        num_nulls(contacted_on, contacted_by) = CASE WHEN kind = 'contact' THEN 0 ELSE 2 END
    )
);
CREATE INDEX action_entry_of_action ON action_entry (action_id, id);

-- Whether the people around a person were told of the plan, or why not. The last row of a party counts.
CREATE TABLE plan_told (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    compartment_id uuid NOT NULL,
    record_id uuid NOT NULL,
    party text COLLATE "C" NOT NULL CHECK (party IN ('mdt', 'family')),
    told_on date,
    told_by text NOT NULL DEFAULT '',
    why_not text NOT NULL DEFAULT '',
    recorded_by uuid NOT NULL,
    recorded_by_name text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT plan_told_or_why_not CHECK ((told_on IS NOT NULL) = (told_by <> '') AND (told_by = '') = (why_not <> ''))
);
CREATE INDEX plan_told_of_record ON plan_told (record_id, party, id DESC);

-- On which day a colleague was reminded of actions, so that they get one mail a day; nil is the team's mailbox. The
-- service reaches this table only through functions.
CREATE TABLE action_mailed (
    register_code text COLLATE "C" NOT NULL,
    recipient uuid NOT NULL,
    day date NOT NULL,
    PRIMARY KEY (register_code, recipient, day)
);

GRANT SELECT, INSERT ON action TO outcomes_app;
GRANT UPDATE (
    due_on, colleague_id, colleague_name, outsider, service, state, result, version, ended_at, soon_told_for, day_told_for,
    overdue_told_on
) ON action TO outcomes_app;
GRANT SELECT, INSERT ON action_entry, plan_told TO outcomes_app;

-- Administrators have the actions of their register and compartments. The colleague of an action has it wherever its
-- record lies, with its log, and adds to the log. The lead of a record sees its actions, and says who was told of the
-- plan: `app.record` is the record that referrals has just let them update, and it must lie in their compartments too.
DO $$
DECLARE
    in_register text := 'register_code = (SELECT current_setting(''app.register'', true))';
    scope text := in_register || ' AND ((SELECT current_setting(''app.all'', true)) = ''1'' OR compartment_id = ANY ((SELECT '
        'nullif(current_setting(''app.compartments'', true), '''')::uuid [])::uuid []))';
    administrator text := '(SELECT current_setting(''app.role'', true)) = ''administrator''';
    standard text := '(SELECT current_setting(''app.role'', true)) = ''standard''';
    of_record text := 'record_id = (SELECT nullif(current_setting(''app.record'', true), '''')::uuid)';
    of_user text := 'colleague_id = (SELECT nullif(current_setting(''app.user'', true), '''')::uuid)';
    theirs text := format('%s AND (%s OR %s) AND %s', in_register, administrator, standard, of_user);
    each text;
BEGIN
    FOREACH each IN ARRAY ARRAY['action', 'action_entry', 'plan_told', 'action_mailed'] LOOP
        EXECUTE format('
            ALTER TABLE %1$I ENABLE ROW LEVEL SECURITY;
            ALTER TABLE %1$I FORCE ROW LEVEL SECURITY;
            CREATE POLICY owner ON %1$I TO outcomes_owner USING (true) WITH CHECK (true);
        ', each);
    END LOOP;
    EXECUTE format('CREATE POLICY team ON action TO outcomes_app USING (%1$s) WITH CHECK (%1$s)', scope || ' AND ' || administrator);
    EXECUTE format('CREATE POLICY colleague ON action FOR SELECT TO outcomes_app USING (%s)', theirs);
    EXECUTE format('CREATE POLICY reports ON action FOR UPDATE TO outcomes_app USING (%1$s) WITH CHECK (%1$s)', theirs);
    EXECUTE format('CREATE POLICY lead ON action FOR SELECT TO outcomes_app USING (%s AND %s AND %s)', scope, standard, of_record);
    EXECUTE 'CREATE POLICY reads ON action_entry FOR SELECT TO outcomes_app USING ((SELECT true FROM action AS a WHERE a.id = action_id))';
    EXECUTE format('CREATE POLICY writes ON action_entry FOR INSERT TO outcomes_app WITH CHECK ((
        SELECT true FROM action AS a WHERE a.id = action_id AND (%s OR a.%s)
    ))', administrator, of_user);
    EXECUTE format('CREATE POLICY team ON plan_told TO outcomes_app USING (%1$s) WITH CHECK (%1$s)', scope || ' AND ' || administrator);
    EXECUTE format('CREATE POLICY lead ON plan_told TO outcomes_app USING (%1$s) WITH CHECK (%1$s)',
        scope || ' AND ' || standard || ' AND ' || of_record);
END
$$;

-- The outcomes of the records of every register, and the tasks that their ratings open.

-- The sets of bodies whose staff may see a record, in registers whose scope is made of bodies. Names no person.
CREATE TABLE compartment (
    compartment_id uuid PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    bodies text [] NOT NULL CHECK (cardinality(bodies) > 0)
);
CREATE INDEX compartment_of_register ON compartment (register_code);
GRANT SELECT, INSERT ON compartment TO outcomes_app;

-- An outcome that ends its record is `pending` until referrals has archived the record; then it is `saved`. If the
-- record is not archived, the outcome is `refused` when the person was told at once. It is `given_up` when they had
-- left, and their answers are then kept to be shown. Only `saved` outcomes count. `record_version` is the version that
-- the person saw. `asked_at`: when referrals was last asked to archive. `feed_sequence`: its place in the feed, once it
-- counts. `reversed_at`: when this service noticed that referrals had reversed the archive.
CREATE TABLE outcome (
    id uuid PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    edition text NOT NULL,
    record_id uuid NOT NULL,
    record_version integer NOT NULL,
    compartment_id uuid NOT NULL,
    answers jsonb NOT NULL,
    recorded_by uuid NOT NULL,
    recorded_by_name text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ending boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'saved', 'refused', 'given_up')),
    refusal text,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    feed_sequence bigint UNIQUE,
    reversed_at timestamptz,
    CONSTRAINT outcome_waits_only_to_end CHECK (ending OR state = 'saved'),
    CONSTRAINT outcome_says_why_not CHECK ((refusal IS NOT NULL) = (state IN ('refused', 'given_up')))
);
CREATE INDEX outcome_of_record ON outcome (record_id, recorded_at DESC, id DESC);
CREATE INDEX outcome_pending ON outcome (asked_at) WHERE state = 'pending';
CREATE INDEX outcome_not_fed ON outcome (id) WHERE state = 'saved' AND feed_sequence IS NULL;
CREATE UNIQUE INDEX outcome_ends_once ON outcome (record_id)
WHERE ending AND state IN ('pending', 'saved') AND reversed_at IS NULL;

CREATE SEQUENCE outcome_feed_sequence;

-- Tasks: an urgent record, or a record for the next meeting of its area. The rating of a record opens and closes its
-- task; a record has at most one open task. `record_version` is the latest version for which the task is known to be
-- right. `opened_at` is when the rating was given. `told_again_at`: when the second recipient was told, because no one
-- had seen the task in time.
CREATE TABLE task (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('urgent', 'agenda')),
    register_code text COLLATE "C" NOT NULL,
    compartment_id uuid NOT NULL,
    record_id uuid NOT NULL,
    record_version integer NOT NULL,
    reference text COLLATE "C" NOT NULL,
    locality text COLLATE "C",
    opened_at timestamptz NOT NULL,
    seen_by uuid,
    seen_by_name text,
    seen_at timestamptz,
    told_again_at timestamptz,
    closed_at timestamptz,
    CONSTRAINT task_seen_by_somebody CHECK (num_nulls(seen_by, seen_by_name, seen_at) IN (0, 3))
);
CREATE UNIQUE INDEX task_open_once ON task (record_id) WHERE closed_at IS NULL;
CREATE INDEX task_of_record ON task (record_id);
CREATE INDEX task_urgent ON task (register_code, (seen_at IS NOT NULL), opened_at, id) INCLUDE (seen_at)
WHERE closed_at IS NULL AND kind = 'urgent';
CREATE INDEX task_urgent_of_compartment ON task (register_code, compartment_id, (seen_at IS NOT NULL), opened_at, id)
INCLUDE (seen_at)
WHERE closed_at IS NULL AND kind = 'urgent';
CREATE INDEX task_agenda ON task (register_code, locality, opened_at, id) WHERE closed_at IS NULL AND kind = 'agenda';
CREATE INDEX task_agenda_of_compartment ON task (register_code, compartment_id, locality, opened_at, id)
WHERE closed_at IS NULL AND kind = 'agenda';
CREATE INDEX task_not_seen ON task (opened_at)
WHERE closed_at IS NULL AND kind = 'urgent' AND seen_at IS NULL AND told_again_at IS NULL;

-- The newest version of each record with which its task was compared, and its compartment at that version. An event
-- about an older version is too late. The service reaches this table only through functions.
CREATE TABLE record_known (
    record_id uuid PRIMARY KEY,
    version integer NOT NULL,
    compartment_id uuid
);

GRANT SELECT, INSERT ON outcome TO outcomes_app;
GRANT SELECT, UPDATE (seen_by, seen_by_name, seen_at) ON task TO outcomes_app;

-- Which rows each role sees: administrators see those of their register and compartments. The service's queries filter
-- too, but these policies alone would keep registers and compartments apart. Without a context there are no rows. The
-- owner sees all, for migrations and functions. A setting is read once a query, not once a row; after a transaction it
-- is '' and not null.
DO $$
DECLARE
    scope text := 'register_code = (SELECT current_setting(''app.register'', true)) AND '
        '((SELECT current_setting(''app.all'', true)) = ''1'' OR compartment_id = ANY ((SELECT '
        'nullif(current_setting(''app.compartments'', true), '''')::uuid [])::uuid []))';
    administrator text := '(SELECT current_setting(''app.role'', true)) = ''administrator''';
    each text;
BEGIN
    FOREACH each IN ARRAY ARRAY['outcome', 'task'] LOOP
        EXECUTE format('
            ALTER TABLE %1$I ENABLE ROW LEVEL SECURITY;
            ALTER TABLE %1$I FORCE ROW LEVEL SECURITY;
            CREATE POLICY owner ON %1$I TO outcomes_owner USING (true) WITH CHECK (true);
            CREATE POLICY scope ON %1$I TO outcomes_app USING (%2$s) WITH CHECK (%2$s);
            CREATE POLICY roles ON %1$I AS RESTRICTIVE TO outcomes_app USING (%3$s) WITH CHECK (%3$s);
        ', each, scope, administrator);
    END LOOP;
END
$$;

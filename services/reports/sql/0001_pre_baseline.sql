-- The reports schema: a copy of every record and outcome, counts of them, how far the copying has come, and the reports
-- that users asked for. Everything except the report jobs can be rebuilt from the sources.

-- The sets of bodies whose staff may see a record, in registers whose scope is made of bodies. Names no person.
CREATE TABLE compartment (
    compartment_id uuid PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    bodies text [] NOT NULL CHECK (cardinality(bodies) > 0)
);
CREATE INDEX compartment_of_register ON compartment (register_code);
GRANT SELECT, INSERT ON compartment TO reports_app;

-- `sequence` is the place in the source's feed. `generation` is the last rebuild that the row was part of.
-- `organisation_id` is the organisation that submitted the record, and `compartment_id` says who may see it. `counted`
-- is what the row adds to the tallies, [{question, answer}], until `recount_on`, when the person reaches another age
-- band. A record that is not open is not counted. `moves` holds the levels of the rating that the record reached (n is
-- 1) and left (-1), with the Monday of the week: [{week, level, n}]. Moves do not depend on the date, so they need no
-- recount.
CREATE TABLE record_copy (
    record_id uuid PRIMARY KEY,
    sequence bigint NOT NULL,
    generation integer NOT NULL,
    register_code text COLLATE "C" NOT NULL,
    edition text NOT NULL,
    reference text NOT NULL,
    version integer NOT NULL,
    organisation_id uuid NOT NULL,
    compartment_id uuid NOT NULL,
    state text NOT NULL,
    is_open boolean NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    rated_at timestamptz NOT NULL,
    ended_at timestamptz,
    born date,
    answers jsonb NOT NULL,
    counted jsonb NOT NULL,
    recount_on date,
    moves jsonb NOT NULL
);
CREATE INDEX record_copy_in_order ON record_copy (register_code, is_open, created_at, record_id);
CREATE INDEX record_copy_of_compartment ON record_copy (register_code, compartment_id, is_open, created_at, record_id);
CREATE INDEX record_copy_recounted ON record_copy (recount_on, register_code) WHERE recount_on IS NOT NULL;

CREATE TABLE outcome_copy (
    outcome_id uuid PRIMARY KEY,
    record_id uuid NOT NULL,
    sequence bigint NOT NULL,
    generation integer NOT NULL,
    edition text NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    answers jsonb NOT NULL
);
CREATE INDEX outcome_copy_of_record ON outcome_copy (record_id, recorded_at, outcome_id);

-- How many open records have one answer to one question. #total counts them all; #age0 counts them by the bands of the
-- first age panel. A row without a compartment counts the whole register. Only visitors with all compartments see it.
CREATE TABLE tally (
    register_code text COLLATE "C" NOT NULL,
    compartment_id uuid,
    question text COLLATE "C" NOT NULL,
    answer text COLLATE "C" NOT NULL,
    n bigint NOT NULL,
    UNIQUE NULLS NOT DISTINCT (register_code, compartment_id, question, answer)
);

-- The change in the number of records at a level during a week. The sum up to a week is the number at its end. Weeks
-- that are no longer shown are combined under -infinity. A row without a compartment counts the whole register.
CREATE TABLE rating_week (
    register_code text COLLATE "C" NOT NULL,
    compartment_id uuid,
    week date NOT NULL,
    level text COLLATE "C" NOT NULL,
    n bigint NOT NULL,
    UNIQUE NULLS NOT DISTINCT (register_code, compartment_id, week, level)
);

-- Triggers keep the counts equal to the copies, so that no way of writing copies can omit them. One page is applied at
-- a time, so no other transaction waits for these rows. The bodies of the functions are in functions/counts.sql.
CREATE FUNCTION tally_copies() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$ BEGIN RAISE 'this function gets its body from functions/'; END $$;

CREATE FUNCTION tally_weeks() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$ BEGIN RAISE 'this function gets its body from functions/'; END $$;

CREATE TRIGGER copies_added AFTER INSERT ON record_copy
REFERENCING NEW TABLE AS is_now
FOR EACH STATEMENT EXECUTE FUNCTION tally_copies();

CREATE TRIGGER copies_changed AFTER UPDATE ON record_copy
REFERENCING OLD TABLE AS was NEW TABLE AS is_now
FOR EACH STATEMENT EXECUTE FUNCTION tally_copies();

CREATE TRIGGER copies_removed AFTER DELETE ON record_copy
REFERENCING OLD TABLE AS was
FOR EACH STATEMENT EXECUTE FUNCTION tally_copies();

CREATE TRIGGER weeks_added AFTER INSERT ON record_copy
REFERENCING NEW TABLE AS is_now
FOR EACH STATEMENT EXECUTE FUNCTION tally_weeks();

CREATE TRIGGER weeks_changed AFTER UPDATE ON record_copy
REFERENCING OLD TABLE AS was NEW TABLE AS is_now
FOR EACH STATEMENT EXECUTE FUNCTION tally_weeks();

CREATE TRIGGER weeks_removed AFTER DELETE ON record_copy
REFERENCING OLD TABLE AS was
FOR EACH STATEMENT EXECUTE FUNCTION tally_weeks();

-- One row for each source. `complete_at`: the copy holds everything that was committed there before. `rebuild_sequence`
-- is how far a rebuild has come while it is under way. `counted_by` names the questions that the rows in `record_copy`
-- count. The weeks before `weeks_before` are combined. That day only moves forward, even if a replica's clock is
-- behind.
CREATE TABLE feed (
    source text PRIMARY KEY,
    sequence bigint NOT NULL DEFAULT 0,
    wanted boolean NOT NULL DEFAULT false,
    complete_at timestamptz,
    generation integer NOT NULL DEFAULT 0,
    rebuild_sequence bigint,
    rebuilt_at timestamptz,
    mended bigint NOT NULL DEFAULT 0,
    counted_by text NOT NULL DEFAULT '',
    weeks_before date NOT NULL DEFAULT '-infinity'
);
INSERT INTO feed (source) VALUES ('referrals'), ('outcomes');

-- Reports that users asked for: each is one job, made by any free replica and kept for an hour in chunks. `attempt` is
-- a fence: it is raised each time a replica takes the job, and later writes of an earlier attempt have no effect. The
-- choices are codes; `bodies` are those that the report is limited to. `records` is the number of records in the file,
-- and `sha256` is its checksum.
CREATE TABLE job (
    id uuid PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    edition text NOT NULL,
    user_id uuid NOT NULL,
    session_id uuid NOT NULL,
    report text NOT NULL,
    bodies text [] NOT NULL DEFAULT '{}',
    age text,
    options jsonb NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'queued'
    CHECK (state IN ('queued', 'running', 'ready', 'failed', 'stopped', 'expired')),
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempt integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    rows_done bigint NOT NULL DEFAULT 0,
    rows_total bigint,
    ended_at timestamptz,
    expires_at timestamptz,
    records bigint,
    size bigint,
    chunks integer,
    sha256 text,
    downloads integer NOT NULL DEFAULT 0
);
CREATE INDEX job_waiting ON job (asked_at) WHERE state IN ('queued', 'running');
CREATE INDEX job_of_user ON job (user_id, register_code, asked_at DESC);
CREATE INDEX job_expiring ON job (expires_at) WHERE state = 'ready';

CREATE TABLE chunk (
    job_id uuid NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    attempt integer NOT NULL,
    number integer NOT NULL,
    content bytea STORAGE EXTERNAL NOT NULL, -- already compressed
    PRIMARY KEY (job_id, attempt, number)
);

GRANT SELECT ON record_copy, outcome_copy, tally, rating_week, feed TO reports_app;
GRANT UPDATE (wanted, counted_by) ON feed TO reports_app;
GRANT SELECT, INSERT ON job, chunk TO reports_app;
GRANT UPDATE (state, ended_at, lease_until, downloads) ON job TO reports_app;
GRANT DELETE ON chunk TO reports_app;

-- Who sees which rows. The service's queries filter too; without their filters, these policies alone keep registers,
-- compartments and users separate. Without a context there are no rows, and only users who may read reports see any. A
-- setting is read once for each query, not for each row. After a transaction it is '' and not null.
DO $$
DECLARE
    in_register text := 'register_code = (SELECT current_setting(''app.register'', true))';
    scope text := in_register || ' AND '
        '((SELECT current_setting(''app.all'', true)) = ''1'' OR compartment_id = ANY ((SELECT '
        'nullif(current_setting(''app.compartments'', true), '''')::uuid [])::uuid []))';
    own text := in_register || ' AND user_id = (SELECT nullif(current_setting(''app.user'', true), '''')::uuid)';
    readers text := '(SELECT current_setting(''app.role'', true)) IN (''reporting'', ''administrator'')';
    each record;
BEGIN
    FOR each IN SELECT t.name, t.condition FROM (
        VALUES
        ('record_copy', scope),
        ('outcome_copy', 'EXISTS (SELECT FROM record_copy AS r WHERE r.record_id = outcome_copy.record_id)'),
        ('tally', scope),
        ('rating_week', scope),
        ('job', own),
        ('chunk', 'EXISTS (SELECT FROM job AS j WHERE j.id = chunk.job_id)')
    ) AS t (name, condition) LOOP
        EXECUTE format('
            ALTER TABLE %1$I ENABLE ROW LEVEL SECURITY;
            ALTER TABLE %1$I FORCE ROW LEVEL SECURITY;
            CREATE POLICY owner ON %1$I TO reports_owner USING (true) WITH CHECK (true);
            CREATE POLICY scope ON %1$I TO reports_app USING (%2$s) WITH CHECK (%2$s);
            CREATE POLICY roles ON %1$I AS RESTRICTIVE TO reports_app USING (%3$s) WITH CHECK (%3$s);
        ', each.name, each.condition, readers);
    END LOOP;
END
$$;

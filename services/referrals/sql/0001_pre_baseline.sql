-- The referrals schema: records with their versions and notes, tables derived from them, and who may see which rows.

-- Functions that policies and triggers name are declared here. Their bodies are in `functions/`.
CREATE FUNCTION held_ids() RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$ BEGIN RAISE EXCEPTION 'held_ids has no body yet'; END $$;

DO $$
DECLARE
    each text;
BEGIN
    FOREACH each IN ARRAY ARRAY[
        'record_added', 'record_changed', 'feed_records', 'name_overlay', 'forget_keys', 'record_came_back',
        'link_records', 'draft_sent'
    ] LOOP
        EXECUTE format(
            'CREATE FUNCTION %I() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS %L', each,
            'BEGIN RAISE EXCEPTION ''this function has no body yet''; END'
        );
    END LOOP;
END
$$;

-- The sets of bodies whose staff may see a record, in registers whose scope is made of bodies. Names no person.
CREATE TABLE compartment (
    compartment_id uuid PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    bodies text [] NOT NULL CHECK (cardinality(bodies) > 0)
);
CREATE INDEX compartment_of_register ON compartment (register_code);

-- ------------------------------------------------------------------------------------------------------------ records
-- A record lies in one compartment: only visitors who reach it see the record. `organisation_id` is the organisation
-- that submitted the record. `state` is the code of a state in the register's definition. Records that are open count,
-- are listed and are searched. `ends_on` is the day on which the record ends, unless it is `awaiting` decisions of
-- bodies.
--
-- `search` is the text for searches: a space, then folded words separated by one space. `rated_at` is when the rating
-- last changed or was reviewed; in a register without ratings it is when the record was created. `overlay` is the
-- version of the register's overlay under which the answers were saved.
CREATE TABLE record (
    id uuid PRIMARY KEY,
    reference text COLLATE "C" NOT NULL UNIQUE,
    register_code text COLLATE "C" NOT NULL,
    edition text NOT NULL,
    overlay integer NOT NULL DEFAULT 0,
    compartment_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    created_by uuid NOT NULL,
    created_by_name text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    ended_at timestamptz,
    state text COLLATE "C" NOT NULL,
    is_open boolean NOT NULL DEFAULT true,
    version integer NOT NULL DEFAULT 0,
    updates integer NOT NULL DEFAULT 0,
    rating text,
    rated_at timestamptz NOT NULL,
    ends_on date,
    awaiting boolean NOT NULL DEFAULT false,
    locality text,
    given_name text NOT NULL,
    family_name text NOT NULL,
    born date,
    nhs_number text COLLATE "C",
    postcode text,
    search text COLLATE "C" NOT NULL CHECK (search LIKE ' %'),
    answers jsonb NOT NULL,
    CONSTRAINT record_ended_once CHECK (is_open = (ended_at IS NULL))
);

-- One index for each way to read a list: a compartment, a user, the whole register (see `newest_ids`).
CREATE INDEX record_of_compartment ON record (register_code, compartment_id, updated_at DESC, id DESC) WHERE is_open;
CREATE INDEX record_of_creator ON record (register_code, created_by, updated_at DESC, id DESC) WHERE is_open;
CREATE INDEX record_of_register ON record (register_code, updated_at DESC, id DESC) INCLUDE (compartment_id) WHERE is_open;
-- For filters. The columns have few different values, so one index entry holds many records.
CREATE INDEX record_by_rating_and_locality ON record (register_code, compartment_id, rating, locality) WHERE is_open;

-- For lists of ended records, and for the job that ends records on their day.
CREATE INDEX record_ended ON record (register_code, ended_at DESC, id DESC) WHERE NOT is_open;
CREATE INDEX record_ended_of_compartment ON record (register_code, compartment_id, ended_at DESC, id DESC)
WHERE NOT is_open;
CREATE INDEX record_due ON record (ends_on) WHERE is_open AND ends_on IS NOT NULL AND NOT awaiting;

CREATE TRIGGER record_names_overlay BEFORE INSERT OR UPDATE OF answers ON record
FOR EACH ROW EXECUTE FUNCTION name_overlay();

-- Version 0 is the creation and not an update. A record that ends on its day has a version that nobody made. `changes`
-- is a list of [field, before, after], as codes.
CREATE TABLE record_version (
    record_id uuid NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    version integer NOT NULL,
    act text NOT NULL CHECK (act IN ('created', 'updated', 'reviewed', 'decided', 'archived', 'ended', 'reinstated')),
    changed_at timestamptz NOT NULL,
    changed_by uuid,
    changed_by_name text NOT NULL DEFAULT '',
    edition text NOT NULL,
    overlay integer NOT NULL DEFAULT 0,
    changes jsonb NOT NULL DEFAULT '[]',
    answers jsonb NOT NULL,
    PRIMARY KEY (record_id, version)
);

CREATE TABLE note (
    id uuid PRIMARY KEY,
    record_id uuid NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    text text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    written_by uuid NOT NULL,
    written_by_name text NOT NULL
);
CREATE INDEX note_of_record ON note (record_id, written_at DESC);

-- --------------------------------------------------------------------------- counters and words, derived by triggers
-- Counts by compartment (`created_by` is null), by creator, and of the whole register (`compartment_id` is null too).
-- Only `fold_deltas` writes counters.
CREATE TABLE counter (
    register_code text COLLATE "C" NOT NULL,
    created_by uuid,
    compartment_id uuid,
    is_open boolean NOT NULL,
    n bigint NOT NULL,
    CONSTRAINT counter_key UNIQUE NULLS NOT DISTINCT (register_code, created_by, compartment_id, is_open)
);

-- Rows exist for about a second. Vacuum runs often, so that reading a total does not pass over many dead rows.
CREATE TABLE delta (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    created_by uuid,
    compartment_id uuid,
    is_open boolean NOT NULL,
    n bigint NOT NULL
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 100000);

-- The counts at this moment.
CREATE VIEW counted WITH (security_invoker = true) AS
SELECT c.register_code, c.created_by, c.compartment_id, c.is_open, c.n FROM counter AS c
UNION ALL
SELECT d.register_code, d.created_by, d.compartment_id, d.is_open, d.n FROM delta AS d;

-- The words of open records. The beginning of a word is found by comparison, which can use its index under row-level
-- security.
CREATE TABLE record_word (
    record_id uuid NOT NULL,
    register_code text COLLATE "C" NOT NULL,
    compartment_id uuid NOT NULL,
    created_by uuid NOT NULL,
    word text COLLATE "C" NOT NULL
);
CREATE INDEX record_word_beginning ON record_word (register_code, word, compartment_id, created_by);
CREATE INDEX record_word_of_record ON record_word (record_id);

-- Open records for the search within words. LIKE cannot use its index under row-level security, so this table has no
-- policy and no grant. Only `search_ids` reads it. It returns ids for a query that is under row-level security.
CREATE TABLE record_search (
    record_id uuid PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    compartment_id uuid NOT NULL,
    search text COLLATE "C" NOT NULL
);
CREATE INDEX record_search_within ON record_search
USING gin (compartment_id, search extensions.gin_trgm_ops) WITH (fastupdate = off);

CREATE TRIGGER record_added AFTER INSERT ON record
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION record_added();

CREATE TRIGGER record_changed AFTER UPDATE ON record
FOR EACH ROW
WHEN (
    (old.register_code, old.created_by, old.compartment_id, old.is_open, old.search)
    IS DISTINCT FROM (new.register_code, new.created_by, new.compartment_id, new.is_open, new.search)
)
EXECUTE FUNCTION record_changed();

CREATE TRIGGER record_removed AFTER DELETE ON record
FOR EACH ROW EXECUTE FUNCTION record_changed();

-- --------------------------------------------------------------------------------------------------------------- feed
-- Which records changed, in an order into which nothing can be inserted later. A change clears the row's sequence, and
-- `assign_feed` gives it a new one after that change is committed. So a reader who has read up to a sequence has every
-- change up to it. The row of a deleted record stays, so that readers learn of the deletion.
CREATE SEQUENCE record_feed_sequence;

CREATE TABLE record_feed (
    record_id uuid PRIMARY KEY,
    sequence bigint UNIQUE
);
CREATE INDEX record_feed_unassigned ON record_feed (record_id) WHERE sequence IS NULL;

CREATE TRIGGER record_fed_when_added AFTER INSERT ON record
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION feed_records();

CREATE TRIGGER record_fed_when_changed AFTER UPDATE ON record
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION feed_records();

CREATE TRIGGER record_fed_when_removed AFTER DELETE ON record
REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION feed_records();

-- ------------------------------------------------------------------------------------------------------------ holding
-- Who holds a record, and who covers it from one day to another, as administrators name them. A holder has no last day.
-- Rows that have ended stay as history; nothing is deleted.
CREATE TABLE record_holding (
    id uuid PRIMARY KEY,
    record_id uuid NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('holder', 'cover')),
    user_id uuid NOT NULL,
    user_name text NOT NULL,
    from_day date NOT NULL,
    until_day date NOT NULL DEFAULT 'infinity',
    named_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    named_by uuid NOT NULL,
    named_by_name text NOT NULL,
    ended_at timestamptz,
    ended_by uuid,
    ended_by_name text,
    CONSTRAINT record_holding_days CHECK (until_day >= from_day AND (kind = 'holder') = (until_day = 'infinity'))
);
CREATE UNIQUE INDEX record_holding_holder ON record_holding (record_id) WHERE kind = 'holder' AND ended_at IS NULL;
CREATE INDEX record_holding_of_record ON record_holding (record_id, named_at);
CREATE INDEX record_holding_of_user ON record_holding (user_id, until_day) INCLUDE (record_id, from_day)
WHERE ended_at IS NULL;

-- --------------------------------------------------------------------------------------------------------- duplicates
-- The keys by which records are compared: a hash of a register's rule and the folded values (see `answers.match_keys`).
-- `rule` holds the roles of that rule. There is no grant, since a match may be a record that the user may not see: only
-- functions read this table. Archived records keep their keys, which count again if the record is reinstated. Keys are
-- written before their record, so there is no foreign key, and keys without a record are ignored.
CREATE TABLE record_key (
    record_id uuid NOT NULL,
    register_code text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    rule text NOT NULL,
    PRIMARY KEY (register_code, key, record_id)
);
CREATE INDEX record_key_of_record ON record_key (record_id);

CREATE TRIGGER record_forgotten AFTER DELETE ON record FOR EACH ROW EXECUTE FUNCTION forget_keys();

CREATE TRIGGER record_came_back AFTER UPDATE ON record
FOR EACH ROW WHEN (NOT old.is_open AND new.is_open) EXECUTE FUNCTION record_came_back();

-- Two records that may be about one person, the lower id first. `rule` holds the roles of the rule that matched.
CREATE TABLE possible_duplicate (
    one uuid NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    other uuid NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    register_code text COLLATE "C" NOT NULL,
    rule text NOT NULL,
    found_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'linked', 'dismissed')),
    decided_by uuid,
    decided_by_name text,
    decided_at timestamptz,
    PRIMARY KEY (one, other),
    CONSTRAINT possible_duplicate_ordered CHECK (one < other),
    CONSTRAINT possible_duplicate_decided CHECK ((state = 'open') = (decided_at IS NULL))
);
CREATE INDEX possible_duplicate_of_other ON possible_duplicate (other);
CREATE INDEX possible_duplicate_open ON possible_duplicate (register_code, found_at) WHERE state = 'open';

CREATE TRIGGER possible_duplicate_linked AFTER UPDATE ON possible_duplicate
FOR EACH ROW WHEN (old.state <> 'linked' AND new.state = 'linked') EXECUTE FUNCTION link_records();

-- Records that the register's administrators have linked as one person. Only the trigger on `possible_duplicate` writes
-- here.
CREATE TABLE person_link (
    record_id uuid PRIMARY KEY REFERENCES record (id) ON DELETE CASCADE,
    person_id uuid NOT NULL
);
CREATE INDEX person_link_of_person ON person_link (person_id);

-- ---------------------------------------------------------------------------------------------------------- reversals
-- Archives made in error: one administrator asks to reverse an archive, and another decides. `record_version` is the
-- version with which the record was archived. A reversal applies to that archive and to no later one.
CREATE TABLE reversal (
    id uuid PRIMARY KEY,
    record_id uuid NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    record_version integer NOT NULL,
    reason text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    asked_by uuid NOT NULL,
    asked_by_name text NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'confirmed', 'declined')),
    decided_at timestamptz,
    decided_by uuid,
    decided_by_name text,
    CONSTRAINT reversal_is_decided_by_somebody CHECK (
        (state = 'open') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)
    ),
    CONSTRAINT reversal_takes_two CHECK (decided_by <> asked_by OR state = 'declined')
);
CREATE UNIQUE INDEX reversal_open ON reversal (record_id) WHERE state = 'open';
CREATE INDEX reversal_in_order ON reversal (asked_at, id) WHERE state = 'open';

-- ---------------------------------------------------------------------------------------------------- ending decisions
-- What each body decided about the end of a record. A decision is withdrawn when the day of the end changes.
CREATE TABLE ending_decision (
    id uuid PRIMARY KEY,
    record_id uuid NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    body text NOT NULL,
    reason text NOT NULL,
    person_told boolean NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    decided_by uuid NOT NULL,
    decided_by_name text NOT NULL,
    withdrawn_at timestamptz
);
CREATE UNIQUE INDEX ending_decision_stands ON ending_decision (record_id, body) WHERE withdrawn_at IS NULL;

-- ------------------------------------------------------------------------------------------------------------- drafts
-- Forms that a user has started and not yet sent. Only their owner sees them. `id` is the id of the command as which
-- the form will be sent. The row of a discarded draft stays, empty, until it expires, so that a save under way cannot
-- bring the draft back.
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

-- Deferred to the end of the transaction: a form that is refused deletes its command's row again, and keeps its draft.
CREATE CONSTRAINT TRIGGER command_takes_its_draft AFTER INSERT ON command
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION draft_sent();

-- ----------------------------------------------------------------------------------------------------------- overlays
-- What administrators change in a register between its editions. Each publication is a row that never changes, and the
-- newest row of a register is in force. `changed` names the parts that differ from the publication before.
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

-- --------------------------------------------------------------------------------------------------- who may see what
-- The service's own queries also filter the rows. Without those filters, these policies alone keep registers,
-- compartments and users separate. Without a context there are no rows. Each setting is read once for each query, not
-- for each row. After a transaction a setting is '' and not null.
--
-- The owner sees all rows, so that functions with the owner's rights work on all of them. A backup role that is not a
-- superuser needs a policy of its own, USING (true), and `pg_dump --enable-row-security`.
DO $$
DECLARE
    app text := current_schema() || '_app';
    owner text := current_schema() || '_owner';
    in_register text := 'register_code = (SELECT current_setting(''app.register'', true))';
    by_user text := '%I = (SELECT nullif(current_setting(''app.user'', true), '''')::uuid)';
    in_role text := '(SELECT current_setting(''app.role'', true) IN (%s))';
    in_compartment text := '((SELECT current_setting(''app.all'', true)) = ''1'' OR compartment_id = ANY ((SELECT '
        'nullif(current_setting(''app.compartments'', true), '''')::uuid [])::uuid []))';
    in_scope text := in_register || ' AND ' || in_compartment || ' AND '
        '((SELECT current_setting(''app.own'', true)) IS DISTINCT FROM ''1'' OR ' || format(by_user, 'created_by');
    or_held text := ' OR %I = ANY ((SELECT held_ids())::uuid [])';
    in_sight text := 'EXISTS (SELECT FROM record AS r WHERE r.id = %I)';
    of_record text := format(in_sight, 'record_id');
    -- A master admin has none of these roles, whatever else the context holds. A reporting user reads and never writes.
    readers text := format(in_role, '''standard'', ''reporting'', ''administrator''');
    writers text := format(in_role, '''standard'', ''administrator''');
    administrators text := format(in_role, '''administrator''');
    each record;
BEGIN
    FOR each IN
        SELECT t.name, t.scope, t.readers, t.writers
        FROM (
            VALUES
            ('record', in_scope || format(or_held, 'id') || ')', readers, writers),
            ('record_word', in_scope || format(or_held, 'record_id') || ')', readers, writers),
            ('counter', in_scope || ')', readers, writers),
            ('delta', in_scope || ')', readers, writers),
            ('record_version', of_record, readers, writers),
            ('note', of_record, readers, writers),
            ('record_holding', of_record, readers, administrators),
            ('person_link', of_record, readers, writers),
            ('ending_decision', of_record, readers, writers),
            ('reversal', of_record, administrators, administrators),
            -- A pair is visible only to users who see both records. So a record that is linked to a hidden one looks
            -- like any other.
            ('possible_duplicate', concat_ws(' AND ', in_register, format(in_sight, 'one'), format(in_sight, 'other')),
                administrators, administrators)
        ) AS t (name, scope, readers, writers)
    LOOP
        EXECUTE format('CREATE POLICY scope ON %I TO %I USING (%3$s) WITH CHECK (%3$s)', each.name, app, each.scope);
        EXECUTE format('CREATE POLICY roles ON %I AS RESTRICTIVE TO %I USING (%s) WITH CHECK (%s)', each.name, app,
            each.readers, each.writers);
    END LOOP;
    EXECUTE format('CREATE POLICY mine ON draft TO %I USING (%2$s) WITH CHECK (%2$s)', app,
        concat_ws(' AND ', format(by_user, 'user_id'), in_register, writers));
    -- Every process reads the overlays in force, without a user. An administrator adds overlays to their own register.
    EXECUTE format('CREATE POLICY reading ON overlay FOR SELECT TO %I USING (true)', app);
    EXECUTE format('CREATE POLICY publishing ON overlay FOR INSERT TO %I WITH CHECK (%s AND %s)', app, in_register,
        administrators);
    FOR each IN
        SELECT c.relname AS name
        FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace
            AND (c.relname = 'record_key' OR c.oid IN (SELECT p.polrelid FROM pg_policy AS p))
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', each.name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', each.name);
        EXECUTE format('CREATE POLICY owner ON %I TO %I USING (true) WITH CHECK (true)', each.name, owner);
    END LOOP;

    EXECUTE format('GRANT SELECT, INSERT ON compartment, record, record_version, note, record_holding, ending_decision, '
        'reversal, overlay TO %I', app);
    EXECUTE format('GRANT UPDATE (compartment_id, updated_at, ended_at, state, is_open, version, updates, rating, '
        'rated_at, ends_on, awaiting, locality, given_name, family_name, born, nhs_number, postcode, search, answers) ON record TO %I', app);
    EXECUTE format('GRANT UPDATE (withdrawn_at) ON ending_decision TO %I', app);
    EXECUTE format('GRANT UPDATE (ended_at, ended_by, ended_by_name) ON record_holding TO %I', app);
    EXECUTE format('GRANT UPDATE (state, decided_at, decided_by, decided_by_name) ON reversal, possible_duplicate TO %I',
        app);
    EXECUTE format('GRANT SELECT ON counter, delta, counted, record_word, possible_duplicate, person_link TO %I', app);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON draft TO %I', app);
END
$$;

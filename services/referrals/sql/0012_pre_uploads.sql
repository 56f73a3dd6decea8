-- Spreadsheets that users load into a register: the file in chunks, how it was read, and its rows with their verdicts.
--
-- One user has one upload in a register at a time. `attempt` is the fence of the background job: each claim raises it.
-- `tries` counts the claims since the job last got further. `compartment_ids` are those of the records that the rows are
-- about: a user who no longer reaches all of them no longer sees the upload.
CREATE TABLE upload (
    id uuid PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    user_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    compartment_ids uuid [] NOT NULL DEFAULT '{}',
    file_name text NOT NULL,
    size integer NOT NULL CHECK (size > 0),
    sha256 text,
    state text COLLATE "C" NOT NULL DEFAULT 'receiving' CHECK (
        state IN (
            'receiving', 'reading', 'mapping', 'checking', 'checked', 'processing', 'done', 'cancelled', 'failed'
        )
    ),
    fault text,
    uploaded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    expires_at timestamptz NOT NULL,
    sheet text NOT NULL DEFAULT '',
    headings text [] NOT NULL DEFAULT '{}',
    reading jsonb,
    found_columns jsonb NOT NULL DEFAULT '[]',
    found_values jsonb NOT NULL DEFAULT '[]',
    missing text [] NOT NULL DEFAULT '{}',
    mapping jsonb,
    total integer NOT NULL DEFAULT 0 CHECK (total >= 0),
    new_rows integer CHECK (new_rows >= 0),
    updated_rows integer CHECK (updated_rows >= 0),
    ended_rows integer CHECK (ended_rows >= 0),
    error_rows integer CHECK (error_rows >= 0),
    unchanged_rows integer NOT NULL DEFAULT 0,
    incomplete_rows integer NOT NULL DEFAULT 0,
    urgent_rows integer NOT NULL DEFAULT 0,
    rows_done integer NOT NULL DEFAULT 0,
    attempt integer NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    CONSTRAINT upload_adds_up CHECK (new_rows + updated_rows + ended_rows + error_rows = total),
    CONSTRAINT upload_is_counted CHECK (
        num_nulls(new_rows, updated_rows, ended_rows, error_rows) IN (0, 4)
        AND (new_rows IS NOT NULL OR state NOT IN ('checked', 'processing', 'done'))
    ),
    CONSTRAINT upload_unchanged_is_a_part CHECK (unchanged_rows BETWEEN 0 AND coalesce(updated_rows, 0)),
    CONSTRAINT upload_fault CHECK ((state = 'failed') = (fault IS NOT NULL)),
    CONSTRAINT upload_ended CHECK ((state IN ('done', 'cancelled', 'failed')) = (ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX upload_open ON upload (user_id, register_code) WHERE ended_at IS NULL;
CREATE INDEX upload_of_user ON upload (user_id, register_code, uploaded_at DESC);
CREATE INDEX upload_waiting ON upload (uploaded_at) WHERE state IN ('reading', 'checking', 'processing');

CREATE TABLE upload_chunk (
    upload_id uuid NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
    number integer NOT NULL CHECK (number >= 0),
    content bytea NOT NULL CHECK (octet_length(content) <= 262144),
    PRIMARY KEY (upload_id, number)
);

-- `cells` are as written in the file. What follows them is null or empty until the row is checked. `answers` are those
-- that the record will have. `seen_version` is the version of the record that the row was compared with. `changes`,
-- `faults` and `missing` are what the user is shown.
CREATE TABLE upload_row (
    upload_id uuid NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
    number integer NOT NULL CHECK (number > 0),
    cells text [] NOT NULL,
    verdict text COLLATE "C" CHECK (verdict IN ('new', 'updated', 'unchanged', 'ended', 'error', 'conflict')),
    tab text COLLATE "C" GENERATED ALWAYS AS (
        CASE WHEN verdict = 'unchanged' THEN 'updated' WHEN verdict IN ('error', 'conflict') THEN 'errors' ELSE verdict END
    ) STORED,
    name text NOT NULL DEFAULT '',
    record_id uuid,
    reference text NOT NULL DEFAULT '',
    seen_version integer,
    organisation_id uuid,
    added_on date,
    rated_on date,
    answers jsonb NOT NULL DEFAULT '{}',
    changes jsonb NOT NULL DEFAULT '[]',
    faults jsonb NOT NULL DEFAULT '[]',
    missing text [] NOT NULL DEFAULT '{}',
    is_processed boolean NOT NULL DEFAULT false,
    PRIMARY KEY (upload_id, number)
);
CREATE INDEX upload_row_of_tab ON upload_row (upload_id, tab, number);
CREATE INDEX upload_row_to_process ON upload_row (upload_id, number)
WHERE NOT is_processed AND verdict IN ('new', 'updated', 'ended');

-- What the columns and values of an organisation's files mean, as its users said. It names no person.
CREATE TABLE load_mapping (
    register_code text COLLATE "C" NOT NULL,
    organisation_id uuid NOT NULL,
    kept jsonb NOT NULL,
    saved_by uuid NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (register_code, organisation_id)
);

-- An upload is seen by its user, with a role that writes records. Its chunks and rows, and the mapping of its
-- organisation, are seen through it. The background job works in the same context.
DO $$
DECLARE
    app text := current_schema() || '_app';
    background text := current_schema() || '_background';
    owner text := current_schema() || '_owner';
    of_user text := 'register_code = (SELECT current_setting(''app.register'', true)) '
        'AND user_id = (SELECT nullif(current_setting(''app.user'', true), '''')::uuid)';
    in_reach text := '((SELECT current_setting(''app.all'', true)) = ''1'' OR compartment_ids <@ (SELECT coalesce('
        'nullif(current_setting(''app.compartments'', true), '''')::uuid [], ARRAY[]::uuid [])))';
    of_upload text := 'upload_id IN (SELECT u.id FROM upload AS u)';
    of_organisation text := 'register_code = (SELECT current_setting(''app.register'', true)) '
        'AND organisation_id IN (SELECT u.organisation_id FROM upload AS u)';
    writers text := '(SELECT current_setting(''app.role'', true) IN (''standard'', ''administrator''))';
    each record;
BEGIN
    FOR each IN
        SELECT t.name, t.scope
        FROM (
            VALUES ('upload', of_user || ' AND ' || in_reach), ('upload_chunk', of_upload), ('upload_row', of_upload),
            ('load_mapping', of_organisation)
        ) AS t (name, scope)
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', each.name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', each.name);
        EXECUTE format('CREATE POLICY scope ON %I TO %I USING (%3$s) WITH CHECK (%3$s)', each.name, app, each.scope);
        EXECUTE format('CREATE POLICY roles ON %I AS RESTRICTIVE TO %I USING (%3$s) WITH CHECK (%3$s)', each.name, app,
            writers);
        EXECUTE format('CREATE POLICY owner ON %I TO %I USING (true) WITH CHECK (true)', each.name, owner);
    END LOOP;

    EXECUTE format('GRANT SELECT ON upload, upload_chunk, upload_row, load_mapping TO %I', app);
    EXECUTE format('GRANT INSERT (id, register_code, user_id, organisation_id, file_name, size, expires_at) ON upload TO %I',
        app);
    EXECUTE format('GRANT UPDATE (sha256, state, fault, ended_at, expires_at, sheet, headings, reading, found_columns, '
        'found_values, missing, mapping, new_rows, updated_rows, ended_rows, error_rows, unchanged_rows, incomplete_rows, '
        'urgent_rows, rows_done, tries, lease_until) ON upload TO %I', app);
    EXECUTE format('GRANT INSERT, DELETE ON upload_chunk TO %I', app);
    EXECUTE format('GRANT DELETE ON upload_row TO %I', app);
    EXECUTE format('GRANT INSERT, UPDATE (kept, saved_by, saved_at) ON load_mapping TO %I', app);
    EXECUTE format('GRANT UPDATE (compartment_ids, total) ON upload TO %I', background);
    EXECUTE format('GRANT INSERT, UPDATE ON upload_row TO %I', background);
END
$$;

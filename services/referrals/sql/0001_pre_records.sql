-- The records of every register, each version of them, and the notes on them.

-- `search` is what the list's search looks in: a space, then folded words with one space between. `rated_at` is when the
-- rating last became another one; in a register without a rating it is when the record was made.
CREATE TABLE record (
    id uuid PRIMARY KEY,
    reference text COLLATE "C" NOT NULL UNIQUE,
    register_code text COLLATE "C" NOT NULL,
    edition text NOT NULL,
    overlay integer NOT NULL DEFAULT 0,
    organisation_id uuid NOT NULL,
    created_by uuid NOT NULL,
    created_by_name text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    archived_at timestamptz,
    -- squawk-ignore prefer-bigint-over-smallint
    status smallint NOT NULL DEFAULT 0 CHECK (status IN (0, 1)), -- 0 active, 1 archived
    version integer NOT NULL DEFAULT 0,
    updates integer NOT NULL DEFAULT 0,
    rating text,
    rated_at timestamptz NOT NULL,
    locality text,
    given_name text NOT NULL,
    family_name text NOT NULL,
    born date,
    nhs_number text COLLATE "C",
    postcode text,
    search text COLLATE "C" NOT NULL CHECK (search LIKE ' %'),
    answers jsonb NOT NULL,
    CONSTRAINT record_archived_once CHECK ((status = 1) = (archived_at IS NOT NULL))
);

-- One for each shape of a list: of one organisation, of one person, of most organisations (see `rules.shape_of`).
CREATE INDEX record_of_organisation ON record (register_code, organisation_id, updated_at DESC, id DESC)
WHERE status = 0;
CREATE INDEX record_of_creator ON record (register_code, created_by, updated_at DESC, id DESC) WHERE status = 0;
CREATE INDEX record_of_register ON record (register_code, updated_at DESC, id DESC) WHERE status = 0;

-- Version 0 is the creation and no update. `changes` is a list of [field, before, after], as codes.
CREATE TABLE record_version (
    record_id uuid NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    version integer NOT NULL,
    act text NOT NULL CHECK (act IN ('created', 'updated', 'archived')),
    changed_at timestamptz NOT NULL,
    changed_by uuid NOT NULL,
    changed_by_name text NOT NULL,
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

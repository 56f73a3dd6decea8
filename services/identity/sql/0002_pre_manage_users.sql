-- Managing users: lists by family name, access that two administrators do not overwrite, and proposed administrators.

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX account_by_name ON account (lower(last_name), lower(first_name), account_id);

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX register_grant_organisation_reach ON register_grant_organisation (
    register_code, organisation_id, account_id
);

-- Raised by each change of the role or its organisations; who changes it names the one they saw.
ALTER TABLE register_grant ADD COLUMN version integer NOT NULL DEFAULT 1;

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX register_grant_administrators ON register_grant (register_code) WHERE role = 'administrator';

-- Whom a master admin would make an administrator. It gives nothing until somebody else accepts it.
CREATE TABLE proposal (
    proposal_id uuid PRIMARY KEY,
    register_code text NOT NULL,
    account_id uuid NOT NULL REFERENCES account (account_id),
    all_organisations boolean NOT NULL,
    organisation_ids uuid [] NOT NULL,
    home_organisation_id uuid,
    proposed_by uuid NOT NULL REFERENCES account (account_id),
    proposed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'declined')),
    decided_by uuid REFERENCES account (account_id),
    decided_at timestamptz,
    CHECK (proposed_by <> account_id),
    CHECK (state <> 'accepted' OR decided_by <> proposed_by),
    CHECK ((state = 'open') = (decided_by IS NULL)),
    CHECK ((decided_by IS NULL) = (decided_at IS NULL)),
    FOREIGN KEY (register_code, home_organisation_id) REFERENCES organisation (register_code, organisation_id)
);
CREATE UNIQUE INDEX proposal_open_once ON proposal (register_code, account_id) WHERE state = 'open';

DO $$
DECLARE
    app text := current_schema() || '_app';
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON proposal TO %I', app);
END
$$;

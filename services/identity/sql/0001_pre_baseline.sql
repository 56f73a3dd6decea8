-- The schema of identity: organisations, accounts and their roles, unfinished log-ins, sessions, and counts of
-- requests.

-- What administrators decided about a register. It takes precedence over the register's definition.
CREATE TABLE register_access (
    register_code text PRIMARY KEY,
    self_registration boolean NOT NULL,
    accepted_domains text [] NOT NULL
);

-- E-mail addresses that an administrator accepted although their domain is not accepted.
CREATE TABLE allowed_address (
    register_code text NOT NULL,
    email text NOT NULL CHECK (email = lower(email)),
    assigned_by uuid,
    assigned_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (register_code, email)
);

-- `bodies` are those that it acts for, as list:code, in a register whose scope is made of bodies. They are those of the
-- register's definition.
CREATE TABLE organisation (
    organisation_id uuid PRIMARY KEY,
    register_code text NOT NULL,
    name text NOT NULL,
    domain text NOT NULL CHECK (domain = lower(domain)),
    bodies text [] NOT NULL DEFAULT '{}',
    UNIQUE (register_code, name),
    UNIQUE (register_code, domain),
    UNIQUE (register_code, organisation_id)
);

-- `locked_to_strangers`: five wrong passwords came from browsers in which the person never logged in. Their own
-- browsers still may. A temporary password is random and long, so a keyed hash is enough; it is valid until used,
-- changed or old.
CREATE TABLE account (
    account_id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE CHECK (email = lower(email) AND email LIKE '_%@_%'),
    first_name text NOT NULL,
    last_name text NOT NULL,
    master_admin boolean NOT NULL DEFAULT false,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'locked_to_strangers', 'locked', 'disabled')),
    password_hash text,
    temporary_hash bytea,
    temporary_expires_at timestamptz,
    temporary_used_at timestamptz,
    wrong_passwords smallint NOT NULL DEFAULT 0 CHECK (wrong_passwords BETWEEN 0 AND 5),
    counted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (account_id, master_admin),
    CHECK ((temporary_hash IS NULL) = (temporary_expires_at IS NULL)),
    CHECK (temporary_used_at IS NULL OR temporary_hash IS NOT NULL)
);
CREATE INDEX account_by_name ON account (lower(last_name), lower(first_name), account_id);

-- The role of a person in one register. The check and the key prevent such a row for a master admin. `version` is
-- raised by each change of the role, its organisations or its grants; an update names the one it saw. `grants` are
-- add-on permissions; a user has those that the register offers at present.
CREATE TABLE register_grant (
    account_id uuid NOT NULL,
    register_code text NOT NULL,
    role text NOT NULL CHECK (role IN ('standard', 'reporting', 'administrator')),
    master_admin boolean NOT NULL DEFAULT false CHECK (NOT master_admin),
    all_organisations boolean NOT NULL DEFAULT false,
    home_organisation_id uuid,
    grants text [] NOT NULL DEFAULT '{}' CHECK (grants <@ '{bulk_load, delete, privacy_officer, unlock}'),
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (account_id, register_code),
    FOREIGN KEY (account_id, master_admin) REFERENCES account (account_id, master_admin),
    FOREIGN KEY (register_code, home_organisation_id) REFERENCES organisation (register_code, organisation_id)
);
CREATE INDEX register_grant_administrators ON register_grant (register_code) WHERE role = 'administrator';

CREATE TABLE register_grant_organisation (
    account_id uuid NOT NULL,
    register_code text NOT NULL,
    organisation_id uuid NOT NULL,
    PRIMARY KEY (account_id, register_code, organisation_id),
    FOREIGN KEY (account_id, register_code) REFERENCES register_grant (account_id, register_code) ON DELETE CASCADE,
    FOREIGN KEY (register_code, organisation_id) REFERENCES organisation (register_code, organisation_id)
);
CREATE INDEX register_grant_organisation_reach ON register_grant_organisation (
    register_code, organisation_id, account_id
);

-- A user whom a master admin proposes as an administrator. It gives no right until a second person accepts it: an
-- administrator of the register, or another master admin while it has none.
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

-- A browser in which the person completed a log-in. It has its own count, which strangers cannot use up.
CREATE TABLE device (
    device_id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (account_id),
    token_hash bytea NOT NULL UNIQUE,
    wrong_passwords smallint NOT NULL DEFAULT 0 CHECK (wrong_passwords BETWEEN 0 AND 5),
    counted_at timestamptz,
    used_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX device_by_account ON device (account_id, used_at);

-- A log-in between password and PIN. `temporary_hash` is of the temporary password with which it began.
CREATE TABLE attempt (
    attempt_id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    account_id uuid NOT NULL REFERENCES account (account_id),
    register_code text NOT NULL,
    device_id uuid REFERENCES device (device_id) ON DELETE SET NULL,
    temporary_hash bytea,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'cancelled', 'over')),
    tries smallint NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 5),
    pin_hash bytea NOT NULL,
    pin_sent_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    pin_expires_at timestamptz NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX attempt_by_account ON attempt (account_id, opened_at);
CREATE INDEX attempt_by_device ON attempt (device_id);
CREATE INDEX attempt_by_age ON attempt (opened_at);

CREATE TABLE session (
    session_id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    account_id uuid NOT NULL REFERENCES account (account_id),
    method text NOT NULL CHECK (method IN ('password_pin', 'password_totp')),
    must_change boolean NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at timestamptz NOT NULL
);
CREATE INDEX session_by_account ON session (account_id);
CREATE INDEX session_by_use ON session (seen_at);

-- Counts in windows that begin with their first count. `key` is a keyed hash, so no address is stored in clear.
CREATE TABLE rate_window (
    kind text NOT NULL,
    key bytea NOT NULL,
    counted integer NOT NULL DEFAULT 1,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (kind, key)
);
CREATE INDEX rate_window_by_age ON rate_window (began_at);

GRANT SELECT, INSERT, UPDATE ON register_access, organisation, account, proposal TO identity_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON allowed_address, register_grant, register_grant_organisation, device, attempt,
session, rate_window TO identity_app;

-- Who may come in: organisations, accounts and what each may do, log-ins on their way, sessions, and what is counted.

-- What administrators decided about a register, in place of what its definition says.
CREATE TABLE register_access (
    register_code text PRIMARY KEY,
    self_registration boolean NOT NULL,
    accepted_domains text [] NOT NULL
);

-- Single addresses that an administrator let in although their domain is not accepted.
CREATE TABLE allowed_address (
    register_code text NOT NULL,
    email text NOT NULL CHECK (email = lower(email)),
    assigned_by uuid,
    assigned_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (register_code, email)
);

CREATE TABLE organisation (
    organisation_id uuid PRIMARY KEY,
    register_code text NOT NULL,
    name text NOT NULL,
    domain text NOT NULL CHECK (domain = lower(domain)),
    UNIQUE (register_code, name),
    UNIQUE (register_code, domain),
    UNIQUE (register_code, organisation_id)
);

-- `locked_to_strangers`: five wrong passwords came from browsers that the person never logged in with; theirs still may.
-- A temporary password is random and long, so a keyed hash keeps it; it lives until it is used, changed or too old.
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

-- What a person may do in one register. A master admin can have no such row: the check and the key hold them apart.
CREATE TABLE register_grant (
    account_id uuid NOT NULL,
    register_code text NOT NULL,
    role text NOT NULL CHECK (role IN ('standard', 'reporting', 'administrator')),
    master_admin boolean NOT NULL DEFAULT false CHECK (NOT master_admin),
    all_organisations boolean NOT NULL DEFAULT false,
    home_organisation_id uuid,
    PRIMARY KEY (account_id, register_code),
    FOREIGN KEY (account_id, master_admin) REFERENCES account (account_id, master_admin),
    FOREIGN KEY (register_code, home_organisation_id) REFERENCES organisation (register_code, organisation_id)
);

CREATE TABLE register_grant_organisation (
    account_id uuid NOT NULL,
    register_code text NOT NULL,
    organisation_id uuid NOT NULL,
    PRIMARY KEY (account_id, register_code, organisation_id),
    FOREIGN KEY (account_id, register_code) REFERENCES register_grant (account_id, register_code) ON DELETE CASCADE,
    FOREIGN KEY (register_code, organisation_id) REFERENCES organisation (register_code, organisation_id)
);

-- A browser in which the person completed a log-in: it has a count of its own, so that strangers cannot use it up.
CREATE TABLE device (
    device_id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (account_id),
    token_hash bytea NOT NULL UNIQUE,
    wrong_passwords smallint NOT NULL DEFAULT 0 CHECK (wrong_passwords BETWEEN 0 AND 5),
    counted_at timestamptz,
    used_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX device_by_account ON device (account_id, used_at);

-- A log-in between password and PIN. `temporary_hash`: the temporary password with which it was begun.
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

-- Counts in windows that begin with their first count. `key` is a keyed hash: no address is kept here in clear.
CREATE TABLE rate_window (
    kind text NOT NULL,
    key bytea NOT NULL,
    counted integer NOT NULL DEFAULT 1,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (kind, key)
);
CREATE INDEX rate_window_by_age ON rate_window (began_at);

DO $$
DECLARE
    app text := current_schema() || '_app';
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON register_access, organisation, account TO %I', app);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON allowed_address, register_grant, '
        'register_grant_organisation, device, attempt, session, rate_window TO %I', app);
END
$$;

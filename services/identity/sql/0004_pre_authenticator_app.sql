-- The authenticator app of an account. Its secret is encrypted under a key from outside the database. `last_step`: the
-- time step of the last code that was accepted; only a code of a later step is accepted. `reset_until`: the app was
-- reset. Nobody has its secret any more, and until then the account's only recovery code takes its place.
CREATE TABLE app (
    account_id uuid PRIMARY KEY REFERENCES account (account_id),
    sealed_secret bytea NOT NULL,
    last_step bigint NOT NULL,
    added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reset_until timestamptz
);

-- A secret that was shown to its user and not confirmed by a code yet. It belongs to the session that asked for it.
CREATE TABLE begun_app (
    account_id uuid PRIMARY KEY REFERENCES account (account_id),
    session_id uuid NOT NULL,
    sealed_secret bytea NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX begun_app_by_age ON begun_app (begun_at);

-- Recovery codes that were not used. A used one is deleted.
CREATE TABLE recovery_code (
    account_id uuid NOT NULL REFERENCES account (account_id),
    code_hash bytea NOT NULL,
    PRIMARY KEY (account_id, code_hash)
);

-- The log-in waits for a code of the app, and no PIN was sent.
ALTER TABLE attempt ADD COLUMN by_app boolean NOT NULL DEFAULT false;

-- The log-in came from a remembered browser, in which no code is asked.
ALTER TABLE attempt ADD COLUMN remembered boolean NOT NULL DEFAULT false;

-- Until when no code is asked in this browser, whether a code of the app led to that, and the browser in plain words.
ALTER TABLE device
ADD COLUMN remembered_until timestamptz,
ADD COLUMN remembered_by_app boolean NOT NULL DEFAULT false,
ADD COLUMN browser text NOT NULL DEFAULT '';

-- The tokens of remembered browsers. Each is used once and replaced. A spent one that comes back is a copy.
CREATE TABLE remembered_token (
    token_hash bytea PRIMARY KEY,
    device_id uuid NOT NULL REFERENCES device (device_id) ON DELETE CASCADE,
    spent boolean NOT NULL DEFAULT false
);
CREATE INDEX remembered_token_by_device ON remembered_token (device_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON app, begun_app, remembered_token TO identity_app;
GRANT SELECT, INSERT, DELETE ON recovery_code TO identity_app;

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

GRANT SELECT, INSERT, UPDATE, DELETE ON app, begun_app TO identity_app;
GRANT SELECT, INSERT, DELETE ON recovery_code TO identity_app;

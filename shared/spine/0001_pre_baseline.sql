-- What every service's schema holds in addition to its own tables: events to send, events received, commands that were
-- carried out, and the audit. `ics migrate` replaces <service> by the service's name.

-- A function is for those roles alone to which functions/ grants it.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    subjects text [] NOT NULL CHECK (cardinality(subjects) > 0),
    event_type text NOT NULL,
    body jsonb,
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at timestamptz,
    attempts integer NOT NULL DEFAULT 0
);
CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL;
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL;

CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, event_id)
);

CREATE TABLE set_aside (
    consumer text NOT NULL,
    event_id text NOT NULL,
    subject text NOT NULL,
    reason text NOT NULL,
    deliveries integer NOT NULL,
    set_aside_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, event_id)
);

CREATE TABLE command (
    id uuid PRIMARY KEY,
    actor uuid NOT NULL,
    body_hash bytea NOT NULL,
    answer jsonb,
    carried_out_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX command_age ON command (carried_out_at);

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    actor uuid,
    session uuid,
    action text NOT NULL,
    register text NOT NULL DEFAULT '',
    subjects uuid [] NOT NULL DEFAULT '{}',
    fields text [] NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_by_transaction ON audit (xid, id);

CREATE TABLE audit_seal (
    n bigint PRIMARY KEY,
    lo xid8 NOT NULL,
    hi xid8 NOT NULL,
    rows bigint NOT NULL,
    prev bytea NOT NULL,
    hash bytea NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT SELECT, INSERT, UPDATE, DELETE ON outbox, inbox, command TO "<service>_app";
GRANT SELECT, INSERT ON set_aside TO "<service>_app";
GRANT INSERT (actor, session, action, register, subjects, fields) ON audit TO "<service>_app";

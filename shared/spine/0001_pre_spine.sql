-- What every service's schema holds beside its own tables: what it has to tell, what it has heard, which commands it
-- has carried out, and who did or read what.

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    subject text NOT NULL,
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

-- The hash of one stretch of the audit: each row's own hash, in the order of transactions.
CREATE FUNCTION audit_stretch(from_xid xid8, to_xid xid8, OUT stretch bytea, OUT counted bigint)
LANGUAGE sql STABLE AS $$
    SELECT
        coalesce(string_agg(sha256(convert_to(row(a.id, extract(epoch FROM a.at), a.xid, a.actor, a.session, a.action, a.register,
            a.subjects, a.fields)::text, 'UTF8')), ''::bytea ORDER BY a.xid, a.id), ''::bytea),
        count(*)
    FROM audit AS a
    WHERE a.xid >= from_xid AND a.xid < to_xid
$$;

-- Seal every finished transaction's rows. The cursor is the transaction, not the row: row ids become visible out of
-- order, while below `xmin` nothing can slip in any more. Gives the newest seal, or nothing while another seals.
CREATE FUNCTION seal_audit(OUT seal_n bigint, OUT seal_hash bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    last audit_seal%ROWTYPE;
    upto xid8 := pg_snapshot_xmin(pg_current_snapshot());
    found_stretch bytea;
    found_rows bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.seal', 0)) THEN
        RETURN;
    END IF;
    SELECT * INTO last FROM audit_seal ORDER BY n DESC LIMIT 1;
    IF NOT FOUND THEN
        last.n := 0;
        last.hi := '0'::xid8;
        last.hash := ''::bytea;
    END IF;
    SELECT stretch, counted INTO found_stretch, found_rows FROM audit_stretch(last.hi, upto);
    seal_n := last.n;
    seal_hash := last.hash;
    IF found_rows > 0 THEN
        seal_n := last.n + 1;
        seal_hash := sha256(last.hash || found_stretch);
        INSERT INTO audit_seal (n, lo, hi, rows, prev, hash) VALUES (seal_n, last.hi, upto, found_rows, last.hash, seal_hash);
    END IF;
END
$$;

DO $$
DECLARE
    app text := current_schema() || '_app';
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON outbox, inbox, command TO %I', app);
    EXECUTE format('GRANT SELECT, INSERT ON set_aside TO %I', app);
    EXECUTE format('GRANT INSERT (actor, session, action, register, subjects, fields) ON audit TO %I', app);
    EXECUTE format('REVOKE ALL ON FUNCTION seal_audit() FROM PUBLIC');
    EXECUTE format('GRANT EXECUTE ON FUNCTION seal_audit() TO %I', app);
END
$$;

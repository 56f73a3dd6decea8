-- Who did or read what: the hash chain over the audit.

-- Return the hash of one stretch of the audit, made of each row's own hash in the order of transactions.
CREATE OR REPLACE FUNCTION audit_stretch(from_xid xid8, to_xid xid8, OUT stretch bytea, OUT counted bigint)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT
        coalesce(string_agg(sha256(convert_to(row(a.id, extract(epoch FROM a.at), a.xid, a.actor, a.session, a.action, a.register,
            a.subjects, a.fields)::text, 'UTF8')), ''::bytea ORDER BY a.xid, a.id), ''::bytea),
        count(*)
    FROM audit AS a
    WHERE a.xid >= from_xid AND a.xid < to_xid
$$;

-- Seal the rows of every finished transaction. Return the newest seal, or nothing while another process seals.
-- The cursor is the transaction and not the row: row ids become visible out of order, but below `xmin` no row can
-- appear any more.
CREATE OR REPLACE FUNCTION seal_audit(OUT seal_n bigint, OUT seal_hash bytea)
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
GRANT EXECUTE ON FUNCTION seal_audit() TO "<service>_app";

-- Who did or read what: the hash chain over the audit.

-- Return the hash of one stretch of the audit, made of each row's own hash in the order of transactions. Rows from before
-- `server_start` was kept are hashed without it.
CREATE OR REPLACE FUNCTION hash_stretch(
    p_server_start timestamptz, p_from xid8, p_to xid8, OUT stretch bytea, OUT counted bigint
)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT
        coalesce(string_agg(sha256(convert_to(
            CASE
                WHEN a.server_start = '-infinity' THEN row(a.id, extract(epoch FROM a.at), a.xid, a.actor, a.session, a.action,
                    a.register, a.subjects, a.fields)::text
                ELSE row(a.id, extract(epoch FROM a.at), a.xid, a.actor, a.session, a.action, a.register, a.subjects, a.fields,
                    extract(epoch FROM a.server_start))::text
            END, 'UTF8')), ''::bytea ORDER BY a.xid, a.id), ''::bytea),
        count(*)
    FROM audit AS a
    WHERE a.server_start = p_server_start AND a.xid >= p_from AND a.xid < p_to
$$;

-- Return the transaction up to which the rows of a server's start are sealed.
CREATE OR REPLACE FUNCTION sealed_up_to(p_server_start timestamptz) RETURNS xid8
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT coalesce((
        SELECT s.hi FROM audit_seal AS s WHERE s.server_start = p_server_start ORDER BY s.n DESC LIMIT 1
    ), '0'::xid8)
$$;

-- Return the server's start whose rows are sealed next: an earlier one that left rows unsealed, or else the present one.
-- Once a row of the present start is sealed, no earlier start has unsealed rows. `p_last` is the start last sealed.
CREATE OR REPLACE FUNCTION start_to_seal(p_last timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    present CONSTANT timestamptz := pg_postmaster_start_time();
BEGIN
    IF p_last = present THEN
        RETURN present;
    END IF;
    RETURN coalesce((
        WITH RECURSIVE each AS (
            SELECT min(a.server_start) AS server_start FROM audit AS a
            UNION ALL
            SELECT (SELECT min(a.server_start) FROM audit AS a WHERE a.server_start > e.server_start)
            FROM each AS e
            WHERE e.server_start IS NOT NULL
        )
        SELECT e.server_start
        FROM each AS e
        WHERE e.server_start <> present AND EXISTS (
            SELECT FROM audit AS a WHERE a.server_start = e.server_start AND a.xid >= sealed_up_to(e.server_start)
        )
        ORDER BY e.server_start
        LIMIT 1
    ), present);
END
$$;

-- Seal the rows of every finished transaction. Return the newest seal, or nothing while another process seals.
-- The cursor is the transaction and not the row: row ids become visible out of order, but below `xmin` no row can
-- appear any more. Under an earlier start no transaction is left, so all its rows are sealed.
CREATE OR REPLACE FUNCTION seal_audit(OUT seal_n bigint, OUT seal_hash bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    last audit_seal%ROWTYPE;
    the_start timestamptz;
    since xid8;
    upto xid8 := pg_snapshot_xmin(pg_current_snapshot());
    found_stretch bytea;
    found_rows bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.seal', 0)) THEN
        RETURN;
    END IF;
    SELECT s.* INTO last FROM audit_seal AS s ORDER BY s.n DESC LIMIT 1;
    seal_n := coalesce(last.n, 0);
    seal_hash := coalesce(last.hash, ''::bytea);
    the_start := start_to_seal(last.server_start);
    since := sealed_up_to(the_start);
    IF the_start <> pg_postmaster_start_time() THEN
        SELECT (a.xid::text::numeric + 1)::text::xid8 INTO upto
        FROM audit AS a WHERE a.server_start = the_start ORDER BY a.xid DESC LIMIT 1;
    END IF;
    SELECT h.stretch, h.counted INTO found_stretch, found_rows FROM hash_stretch(the_start, since, upto) AS h;
    IF found_rows > 0 THEN
        INSERT INTO audit_seal (n, server_start, lo, hi, rows, prev, hash)
        VALUES (seal_n + 1, the_start, since, upto, found_rows, seal_hash, sha256(seal_hash || found_stretch))
        RETURNING n, hash INTO seal_n, seal_hash;
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION seal_audit() TO "<service>_app";

-- What a service measures of its audit, which it may not read.

-- Return how many rows no seal covers yet, up to 100,000, and for how many seconds the oldest of them has waited: rows of
-- the start of the server that is sealed next.
CREATE OR REPLACE FUNCTION measure_audit(OUT unsealed bigint, OUT oldest_seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    WITH following AS MATERIALIZED (
        SELECT f.server_start, sealed_up_to(f.server_start) AS since
        FROM start_to_seal((SELECT s.server_start FROM audit_seal AS s ORDER BY s.n DESC LIMIT 1)) AS f (server_start)
    )
    SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(w.at)), 0)::double precision
    FROM (
        SELECT a.at
        FROM audit AS a
        WHERE a.server_start = (SELECT f.server_start FROM following AS f) AND a.xid >= (SELECT f.since FROM following AS f)
        ORDER BY a.xid, a.id
        LIMIT 100000
    ) AS w
$$;
GRANT EXECUTE ON FUNCTION measure_audit() TO "<service>_app";

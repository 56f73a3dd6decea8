-- What a service measures of its audit, which it may not read.

-- Return how many rows no seal covers yet, up to 100,000, and for how many seconds the oldest of them has waited.
CREATE OR REPLACE FUNCTION measure_audit(OUT unsealed bigint, OUT oldest_seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(w.at)), 0)::double precision
    FROM (
        SELECT a.at
        FROM audit AS a
        WHERE a.xid >= coalesce((SELECT s.hi FROM audit_seal AS s ORDER BY s.n DESC LIMIT 1), '0'::xid8)
        ORDER BY a.xid, a.id
        LIMIT 100000
    ) AS w
$$;
GRANT EXECUTE ON FUNCTION measure_audit() TO "<service>_app";

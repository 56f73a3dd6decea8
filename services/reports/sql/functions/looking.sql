-- Who looked at a record.

-- Return the rows of the audit that name a record. The copy of the record must be in the reach of the user of the context. What was not copied yet is in no report.
-- `p_compartment` is the record's. No role may call it but through the functions below.
CREATE OR REPLACE FUNCTION audit_about(p_record uuid, p_compartment uuid) RETURNS TABLE (
    row_id bigint, looked_at timestamptz, actor uuid, action text, among integer
)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT a.id, a.at, a.actor, a.action, cardinality(a.subjects)
    FROM audit AS a
    WHERE a.subjects @> ARRAY[p_record] AND a.register = current_setting('app.register', true)
        AND current_setting('app.role', true) IN ('standard', 'reporting', 'administrator')
        AND EXISTS (
            SELECT FROM record_copy AS r
            WHERE r.record_id = p_record AND r.register_code = current_setting('app.register', true)
                AND (
                    current_setting('app.all', true) = '1'
                    OR r.compartment_id = ANY(nullif(current_setting('app.compartments', true), '')::uuid [])
                )
        )
$$;
REVOKE EXECUTE ON FUNCTION audit_about(uuid, uuid) FROM PUBLIC;

-- Return the rows before a place, newest first. SECURITY DEFINER: the service may not read its audit otherwise.
CREATE OR REPLACE FUNCTION read_looks(
    p_record uuid, p_compartment uuid, p_actor uuid, p_since timestamptz, p_until timestamptz, p_at timestamptz,
    p_row bigint, p_most integer
) RETURNS TABLE (looked_at timestamptz, row_id bigint, actor uuid, action text, among integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT a.looked_at, a.row_id, a.actor, a.action, a.among
    FROM audit_about(p_record, p_compartment) AS a
    WHERE (p_actor IS NULL OR a.actor = p_actor) AND a.looked_at >= p_since AND a.looked_at < p_until
        AND (a.looked_at, a.row_id) < (p_at, p_row)
    ORDER BY a.looked_at DESC, a.row_id DESC
    LIMIT p_most
$$;

-- Return the users whom the audit names with a record. SECURITY DEFINER, as above.
CREATE OR REPLACE FUNCTION find_lookers(p_record uuid, p_compartment uuid, p_most integer) RETURNS uuid []
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT array_agg(l.actor)
    FROM (
        SELECT DISTINCT a.actor
        FROM audit_about(p_record, p_compartment) AS a
        WHERE a.actor IS NOT NULL
        ORDER BY a.actor
        LIMIT p_most
    ) AS l
$$;

GRANT EXECUTE ON FUNCTION
read_looks(uuid, uuid, uuid, timestamptz, timestamptz, timestamptz, bigint, integer),
find_lookers(uuid, uuid, integer)
TO reports_app;

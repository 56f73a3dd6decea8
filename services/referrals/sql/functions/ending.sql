-- Records that end on their day.

-- End the records that are due by a day, of the named registers, each in the state that is named beside its register.
-- At most `p_most`; those that another transaction is changing wait for the next call. SECURITY DEFINER: records of all
-- compartments end, and there is no user.
CREATE OR REPLACE FUNCTION end_due(p_day date, p_registers text [], p_states text [], p_most integer) RETURNS TABLE (
    record_id uuid, register_code text, reference text, version integer, organisation_id uuid, bodies text [],
    created_by uuid, rating text
)
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    WITH due AS (
        SELECT r.id, n.state
        FROM record AS r
        INNER JOIN unnest(p_registers, p_states) AS n (register_code, state) ON n.register_code = r.register_code
        WHERE r.is_open AND r.ends_on <= p_day AND NOT r.awaiting
        ORDER BY r.ends_on
        LIMIT p_most
        FOR NO KEY UPDATE OF r SKIP LOCKED
    ), ended AS (
        UPDATE record AS r
        SET state = d.state, is_open = false, ended_at = now(), version = r.version + 1
        FROM due AS d
        WHERE r.id = d.id
        RETURNING r.*
    ), kept AS (
        INSERT INTO record_version (record_id, version, act, changed_at, edition, overlay, answers)
        SELECT e.id, e.version, 'ended', now(), e.edition, e.overlay, e.answers FROM ended AS e
    ), noted AS (
        INSERT INTO audit (action, register, subjects)
        SELECT 'record.ended', e.register_code, array_agg(e.id) FROM ended AS e GROUP BY e.register_code
    )
    SELECT e.id, e.register_code, e.reference, e.version, e.organisation_id, c.bodies, e.created_by, e.rating
    FROM ended AS e
    LEFT JOIN compartment AS c ON c.compartment_id = e.compartment_id
$$;

GRANT EXECUTE ON FUNCTION end_due(date, text [], text [], integer) TO referrals_background;

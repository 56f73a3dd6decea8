-- Outcomes that end their record.

-- Take the outcomes that have been pending for ten seconds. No other replica takes them for the next ten seconds.
-- Return only ids, of any compartment. Return nothing while another replica takes some.
CREATE OR REPLACE FUNCTION take_pending(p_most integer) RETURNS TABLE (
    outcome_id uuid, register_code text, record_id uuid, record_version integer, compartment_id uuid, recorded_by uuid
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_column
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.pending', 0)) THEN
        RETURN;
    END IF;
    RETURN QUERY
    UPDATE outcome AS o
    SET asked_at = clock_timestamp()
    WHERE o.id IN (
        SELECT p.id FROM outcome AS p
        WHERE p.state = 'pending' AND p.asked_at < clock_timestamp() - interval '10 seconds'
        ORDER BY p.asked_at
        LIMIT p_most
    )
    RETURNING o.id, o.register_code, o.record_id, o.record_version, o.compartment_id, o.recorded_by;
END
$$;
GRANT EXECUTE ON FUNCTION take_pending(integer) TO outcomes_background;

-- Return why a record ends by this outcome, for a job that has no visitor.
CREATE OR REPLACE FUNCTION leaving_of(p_outcome uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT o.leaving FROM outcome AS o WHERE o.id = p_outcome AND o.ending
$$;
GRANT EXECUTE ON FUNCTION leaving_of(uuid) TO outcomes_background;

-- Settle a pending outcome; return false if it was settled before. The answers of a refused one are deleted, because
-- the person still has them on their screen.
CREATE OR REPLACE FUNCTION settle_ending(p_outcome uuid, p_state text, p_refusal text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE outcome
    SET state = p_state, refusal = p_refusal, answers = CASE WHEN p_state = 'refused' THEN '{}' ELSE answers END,
        leaving = CASE WHEN p_state = 'refused' THEN '{}' ELSE leaving END
    WHERE id = p_outcome AND state = 'pending';
    RETURN FOUND;
END
$$;
GRANT EXECUTE ON FUNCTION settle_ending(uuid, text, text) TO outcomes_app;

-- Mark as reversed the outcomes that archived an earlier version of a record that is now active with this version. A
-- pending outcome is left alone: it has not archived yet, or its archive is not yet confirmed.
CREATE OR REPLACE FUNCTION mark_reversed(p_record uuid, p_version integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    UPDATE outcome
    SET reversed_at = clock_timestamp()
    WHERE record_id = p_record AND ending AND state = 'saved' AND reversed_at IS NULL AND record_version < p_version
$$;
GRANT EXECUTE ON FUNCTION mark_reversed(uuid, integer) TO outcomes_app;

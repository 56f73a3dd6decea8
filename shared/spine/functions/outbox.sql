-- The outbox, as the relay reads it.

-- Return rows to send, or none while another relay sends; the lock is held until the end of the transaction. VOLATILE,
-- so that the rows are read after the lock is taken: a row that another relay has just sent is not among them.
CREATE OR REPLACE FUNCTION take_unsent(p_most integer) RETURNS TABLE (
    id bigint, event_id uuid, subjects text [], event_type text, body jsonb, occurred_at timestamptz
)
LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.outbox', 0)) THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT o.id, o.event_id, o.subjects, o.event_type, o.body, o.occurred_at
    FROM outbox AS o
    WHERE o.sent_at IS NULL
    ORDER BY o.attempts, o.id
    LIMIT p_most;
END
$$;
GRANT EXECUTE ON FUNCTION take_unsent(integer) TO "<service>_app";

-- The outbox, as the relay reads it.

-- Lock the outbox for the rest of the transaction. Return false if another relay has it, or while the installation is
-- held: then nothing leaves.
CREATE OR REPLACE FUNCTION hold_outbox() RETURNS boolean
LANGUAGE sql VOLATILE SET search_path FROM CURRENT AS $$
    SELECT NOT EXISTS (SELECT FROM installation AS i WHERE i.held_since IS NOT NULL)
        AND pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.outbox', 0))
$$;
GRANT EXECUTE ON FUNCTION hold_outbox() TO "<service>_app";

-- Return rows to send, or none while another relay sends; the lock is held until the end of the transaction. VOLATILE,
-- so that the rows are read after the lock is taken: a row that another relay has just sent is not among them. New rows
-- come first, then up to `p_again` events that their stream has lost. None has a subject that begins with a word of
-- `p_waiting`.
CREATE OR REPLACE FUNCTION take_outgoing(p_most integer, p_again integer, p_waiting text []) RETURNS TABLE (
    id bigint, event_id uuid, subjects text [], event_type text, body jsonb, occurred_at timestamptz, lost_at timestamptz
)
LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT hold_outbox() THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT o.id, o.event_id, o.subjects, o.event_type, o.body, o.occurred_at, o.lost_at
    FROM outbox AS o
    WHERE o.sent_at IS NULL AND split_part(o.subjects[1], '.', 1) <> ALL (p_waiting)
    ORDER BY o.attempts, o.id
    LIMIT p_most;
    RETURN QUERY
    SELECT o.id, o.event_id, o.subjects, o.event_type, o.body, o.occurred_at, o.lost_at
    FROM outbox AS o
    WHERE o.sent_at IS NOT NULL AND o.lost_at IS NOT NULL AND split_part(o.subjects[1], '.', 1) <> ALL (p_waiting)
    ORDER BY o.attempts, o.id
    LIMIT p_again;
END
$$;
GRANT EXECUTE ON FUNCTION take_outgoing(integer, integer, text []) TO "<service>_app";

-- Mark for sending again what a stream no longer has, up to `p_most` events, the oldest first, and return how many. Call
-- it again while it returns as many, and all that time hold the outbox.
-- The stream holds the places from `p_first` to `p_last` without `p_gaps`. It forgets an event after `p_kept`. A stream
-- that was made later than the event was sent, or that counts again from an earlier place, may have lost all of them.
-- Events after `p_last` show that it counts again. They are marked last, so that every call sees them.
CREATE OR REPLACE FUNCTION find_lost(
    p_family text, p_made_at timestamptz, p_first bigint, p_last bigint, p_gaps bigint [], p_kept interval,
    p_went_back boolean, p_most integer
) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
DECLARE
    went_back boolean := p_went_back;
    found bigint;
BEGIN
    went_back := went_back OR EXISTS (
        SELECT FROM outbox AS o
        WHERE o.sent_at IS NOT NULL AND o.lost_at IS NULL AND split_part(o.subjects[1], '.', 1) = p_family
            AND o.stream_made_at = p_made_at AND o.stream_sequence > p_last
    );
    UPDATE outbox AS o
    SET lost_at = clock_timestamp(), attempts = 0
    FROM (
        SELECT s.id
        FROM outbox AS s
        WHERE s.sent_at IS NOT NULL AND s.lost_at IS NULL AND split_part(s.subjects[1], '.', 1) = p_family
            AND CASE
                WHEN s.stream_made_at IS NULL THEN went_back OR s.sent_at < p_made_at
                WHEN s.stream_made_at <> p_made_at OR went_back THEN true
                ELSE s.stream_sequence IN (SELECT g.place FROM unnest(p_gaps) AS g (place))
                    OR (s.stream_sequence < p_first AND s.sent_at > clock_timestamp() - p_kept)
            END
        ORDER BY (s.stream_made_at = p_made_at AND s.stream_sequence > p_last) IS TRUE, s.id
        LIMIT p_most
    ) AS gone
    WHERE o.id = gone.id;
    GET DIAGNOSTICS found = ROW_COUNT;
    RETURN found;
END
$$;
GRANT EXECUTE ON FUNCTION find_lost(text, timestamptz, bigint, bigint, bigint [], interval, boolean, integer)
TO "<service>_app";

-- Mark for sending again up to `p_most` events that follow the row `p_after`. Return how many, and the last row, or null
-- when no event is left. For a database that was restored: its readers may have taken less than the streams remember.
CREATE OR REPLACE FUNCTION send_all_again(p_after bigint, p_most integer, OUT marked bigint, OUT last_id bigint)
LANGUAGE sql VOLATILE SET search_path FROM CURRENT AS $$
    WITH again AS (
        UPDATE outbox AS o
        SET lost_at = clock_timestamp(), attempts = 0
        FROM (
            SELECT s.id
            FROM outbox AS s
            WHERE s.id > p_after AND s.sent_at IS NOT NULL AND s.lost_at IS NULL AND s.event_type <> 'letter'
            ORDER BY s.id
            LIMIT p_most
        ) AS kept
        WHERE o.id = kept.id
        RETURNING o.id
    )
    SELECT count(*), max(a.id) FROM again AS a
$$;
GRANT EXECUTE ON FUNCTION send_all_again(bigint, integer) TO "<service>_app";

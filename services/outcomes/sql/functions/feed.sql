-- The feed: the outcomes that count, in an order in which none can appear behind a reader. `assign_feed` gives an
-- outcome its sequence after it is committed. So a reader who has read up to a sequence has every outcome up to it,
-- however long the transactions took. What the feed holds of an outcome never changes.

-- Give a sequence to the committed outcomes that have none, and return their number. Only one process at a time does
-- this, so that sequences become visible in their order.
CREATE OR REPLACE FUNCTION assign_feed() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    assigned bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM outcome WHERE state = 'saved' AND feed_sequence IS NULL) THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '.feed', 0));
    UPDATE outcome AS o
    SET feed_sequence = nextval('outcome_feed_sequence')
    FROM (
        SELECT u.id FROM outcome AS u WHERE u.state = 'saved' AND u.feed_sequence IS NULL LIMIT 5000 FOR UPDATE SKIP LOCKED
    ) AS waiting
    WHERE o.id = waiting.id AND o.feed_sequence IS NULL;
    GET DIAGNOSTICS assigned = ROW_COUNT;
    RETURN assigned;
END
$$;
GRANT EXECUTE ON FUNCTION assign_feed() TO outcomes_background;

-- Return the outcomes after a sequence, in order: at most `p_most`, and about `p_bytes` in total, but at least one.
-- `found` is the number before the limit on bytes.
CREATE OR REPLACE FUNCTION read_feed(p_after bigint, p_most integer, p_bytes bigint) RETURNS TABLE (
    found bigint, sequence bigint, outcome_id uuid, record_id uuid, register_code text, edition text,
    recorded_by text, recorded_at timestamptz, ending boolean, answers jsonb
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT
        p.found, p.feed_sequence, p.id, p.record_id, p.register_code, p.edition, p.recorded_by_name,
        p.recorded_at, p.ending, p.answers
    FROM (
        SELECT
            f.*,
            sum(octet_length(f.answers::text) + 500) OVER (ORDER BY f.feed_sequence) AS bytes,
            row_number() OVER (ORDER BY f.feed_sequence) AS place,
            count(*) OVER () AS found
        FROM (
            SELECT * FROM outcome AS o WHERE o.feed_sequence > p_after ORDER BY o.feed_sequence LIMIT p_most
        ) AS f
    ) AS p
    WHERE p.bytes <= p_bytes OR p.place = 1
    ORDER BY p.feed_sequence
$$;
GRANT EXECUTE ON FUNCTION read_feed(bigint, integer, bigint) TO outcomes_background;

-- The feed: which records changed, in an order in which nothing can slip in behind. A row's sequence is taken away by
-- whatever changes its record, and given anew after that is committed, by `assign_feed`; so a reader who has read up to
-- a sequence has every change up to it, however long the transactions took that made them.

CREATE SEQUENCE record_feed_sequence;

CREATE TABLE record_feed (
    record_id uuid PRIMARY KEY,
    sequence bigint UNIQUE
);
CREATE INDEX record_feed_unassigned ON record_feed (record_id) WHERE sequence IS NULL;

-- A record that is gone keeps its row: that is how readers learn of it.
CREATE FUNCTION feed_records() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO record_feed (record_id)
    SELECT c.id FROM changed AS c ORDER BY c.id
    ON CONFLICT (record_id) DO UPDATE SET sequence = NULL;
    RETURN NULL;
END
$$;

CREATE TRIGGER record_fed_when_added AFTER INSERT ON record
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION feed_records();

CREATE TRIGGER record_fed_when_changed AFTER UPDATE ON record
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION feed_records();

CREATE TRIGGER record_fed_when_removed AFTER DELETE ON record
REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION feed_records();

INSERT INTO record_feed (record_id) SELECT id FROM record;

-- Give a sequence to what is committed and has none; how many there were. One at a time, so that sequences become
-- visible in their order. Rows that somebody is changing at this moment are left for the next time.
CREATE FUNCTION assign_feed() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    assigned bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM record_feed WHERE sequence IS NULL) THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '.feed', 0));
    UPDATE record_feed AS f
    SET sequence = nextval('record_feed_sequence')
    FROM (
        SELECT u.record_id FROM record_feed AS u WHERE u.sequence IS NULL LIMIT 5000 FOR UPDATE SKIP LOCKED
    ) AS waiting
    WHERE f.record_id = waiting.record_id;
    GET DIAGNOSTICS assigned = ROW_COUNT;
    RETURN assigned;
END
$$;

-- Records from behind a sequence on, in order: `p_most` at most, and of about `p_bytes` together, but always one.
-- A record that is gone has no register; `found` counts what was there to choose from. SECURITY DEFINER: reports reads all
-- registers and organisations.
CREATE FUNCTION read_feed(p_after bigint, p_most integer, p_bytes bigint) RETURNS TABLE (
    found bigint, sequence bigint, record_id uuid, register_code text, edition text, reference text, version integer,
    organisation_id uuid, status smallint, created_by text, created_at timestamptz, updated_at timestamptz,
    rated_at timestamptz, archived_at timestamptz, born date, answers jsonb
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT
        p.found, p.sequence, p.record_id, p.register_code, p.edition, p.reference, p.version, p.organisation_id, p.status,
        p.created_by_name, p.created_at, p.updated_at, p.rated_at, p.archived_at, p.born, p.answers
    FROM (
        SELECT
            f.sequence, f.record_id, r.register_code, r.edition, r.reference, r.version, r.organisation_id, r.status,
            r.created_by_name, r.created_at, r.updated_at, r.rated_at, r.archived_at, r.born, r.answers,
            sum(coalesce(octet_length(r.answers::text), 0) + 500) OVER (ORDER BY f.sequence) AS bytes,
            row_number() OVER (ORDER BY f.sequence) AS place,
            count(*) OVER () AS found
        FROM (
            SELECT w.sequence, w.record_id
            FROM record_feed AS w
            WHERE w.sequence > p_after
            ORDER BY w.sequence
            LIMIT p_most
        ) AS f
        LEFT JOIN record AS r ON r.id = f.record_id
    ) AS p
    WHERE p.bytes <= p_bytes OR p.place = 1
    ORDER BY p.sequence
$$;

DO $$
DECLARE
    app text := current_schema() || '_app';
BEGIN
    EXECUTE 'REVOKE ALL ON FUNCTION feed_records(), assign_feed(), read_feed(bigint, integer, bigint) FROM PUBLIC';
    EXECUTE format('GRANT EXECUTE ON FUNCTION assign_feed(), read_feed(bigint, integer, bigint) TO %I', app);
END
$$;

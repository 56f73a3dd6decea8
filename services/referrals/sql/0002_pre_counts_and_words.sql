-- What is derived from the records by triggers, so that no way of writing them can forget it: how many there are, and
-- the words by which they are found.

-- Counts by organisation (`created_by` is null) and by who created them. Only `fold_deltas` writes counters.
CREATE TABLE counter (
    register_code text COLLATE "C" NOT NULL,
    created_by uuid,
    organisation_id uuid NOT NULL,
    -- squawk-ignore prefer-bigint-over-smallint
    status smallint NOT NULL,
    n bigint NOT NULL,
    CONSTRAINT counter_key UNIQUE NULLS NOT DISTINCT (register_code, created_by, organisation_id, status)
);

-- Rows live for a second: vacuum comes often, so that reading a total does not walk over their remains.
CREATE TABLE delta (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    created_by uuid,
    organisation_id uuid NOT NULL,
    -- squawk-ignore prefer-bigint-over-smallint
    status smallint NOT NULL,
    n bigint NOT NULL
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 100000);

-- The words of active records: a beginning of a word is found by comparison, which keeps its index under row-level
-- security.
CREATE TABLE record_word (
    record_id uuid NOT NULL,
    register_code text COLLATE "C" NOT NULL,
    organisation_id uuid NOT NULL,
    created_by uuid NOT NULL,
    word text COLLATE "C" NOT NULL
);
CREATE INDEX record_word_beginning ON record_word (register_code, word, organisation_id, created_by);
CREATE INDEX record_word_of_record ON record_word (record_id);

-- Active records for the search within words. LIKE loses its index under row-level security, so this table has none,
-- and no grant either: only `search_ids` reads it, which gives back ids for a query that is under it.
CREATE TABLE record_search (
    record_id uuid PRIMARY KEY,
    register_code text COLLATE "C" NOT NULL,
    organisation_id uuid NOT NULL,
    search text COLLATE "C" NOT NULL
);
CREATE INDEX record_search_within ON record_search
USING gin (organisation_id, search extensions.gin_trgm_ops) WITH (fastupdate = off);

CREATE FUNCTION record_added() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO delta (register_code, created_by, organisation_id, status, n)
    SELECT a.register_code, NULL, a.organisation_id, a.status, count(*)
    FROM added AS a
    GROUP BY a.register_code, a.organisation_id, a.status
    UNION ALL
    SELECT a.register_code, a.created_by, a.organisation_id, a.status, count(*)
    FROM added AS a
    GROUP BY a.register_code, a.created_by, a.organisation_id, a.status;
    INSERT INTO record_search (record_id, register_code, organisation_id, search)
    SELECT a.id, a.register_code, a.organisation_id, a.search
    FROM added AS a
    WHERE a.status = 0;
    INSERT INTO record_word (record_id, register_code, organisation_id, created_by, word)
    SELECT a.id, a.register_code, a.organisation_id, a.created_by, w.word
    FROM added AS a, unnest(string_to_array(ltrim(a.search), ' ')) AS w (word)
    WHERE a.status = 0 AND w.word <> '';
    RETURN NULL;
END
$$;

CREATE FUNCTION record_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO delta (register_code, created_by, organisation_id, status, n)
    VALUES (old.register_code, NULL, old.organisation_id, old.status, -1),
    (old.register_code, old.created_by, old.organisation_id, old.status, -1);
    DELETE FROM record_search WHERE record_id = old.id;
    DELETE FROM record_word WHERE record_id = old.id;
    IF tg_op = 'DELETE' THEN
        RETURN NULL;
    END IF;
    INSERT INTO delta (register_code, created_by, organisation_id, status, n)
    VALUES (new.register_code, NULL, new.organisation_id, new.status, 1),
    (new.register_code, new.created_by, new.organisation_id, new.status, 1);
    IF new.status = 0 THEN
        INSERT INTO record_search (record_id, register_code, organisation_id, search)
        VALUES (new.id, new.register_code, new.organisation_id, new.search);
        INSERT INTO record_word (record_id, register_code, organisation_id, created_by, word)
        SELECT new.id, new.register_code, new.organisation_id, new.created_by, w.word
        FROM unnest(string_to_array(ltrim(new.search), ' ')) AS w (word)
        WHERE w.word <> '';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER record_added AFTER INSERT ON record
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION record_added();

CREATE TRIGGER record_changed AFTER UPDATE ON record
FOR EACH ROW
WHEN (
    (old.register_code, old.created_by, old.organisation_id, old.status, old.search)
    IS DISTINCT FROM (new.register_code, new.created_by, new.organisation_id, new.status, new.search)
)
EXECUTE FUNCTION record_changed();

CREATE TRIGGER record_removed AFTER DELETE ON record
FOR EACH ROW EXECUTE FUNCTION record_changed();

-- Put the deltas into the counters; how many there were. Nothing while another replica does it.
CREATE FUNCTION fold_deltas() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    folded bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM delta)
        OR NOT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.fold', 0)) THEN
        RETURN 0;
    END IF;
    WITH gone AS (
        DELETE FROM delta RETURNING register_code, created_by, organisation_id, status, n
    ), summed AS (
        INSERT INTO counter AS c (register_code, created_by, organisation_id, status, n)
        SELECT g.register_code, g.created_by, g.organisation_id, g.status, sum(g.n)
        FROM gone AS g
        GROUP BY g.register_code, g.created_by, g.organisation_id, g.status
        ORDER BY g.register_code, g.created_by, g.organisation_id, g.status
        ON CONFLICT ON CONSTRAINT counter_key DO UPDATE SET n = c.n + excluded.n
    )
    SELECT count(*) INTO folded FROM gone;
    RETURN folded;
END
$$;

-- Count the records themselves, and put right each count that differs by a delta of the difference: one statement, so
-- one moment. How many counts were wrong; it should always be none.
CREATE FUNCTION prove_counters() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    wrong bigint;
BEGIN
    WITH counted AS (
        SELECT register_code, NULL::uuid AS created_by, organisation_id, status, count(*) AS n
        FROM record
        GROUP BY register_code, organisation_id, status
        UNION ALL
        SELECT register_code, created_by, organisation_id, status, count(*) AS n
        FROM record
        GROUP BY register_code, created_by, organisation_id, status
        UNION ALL
        SELECT register_code, created_by, organisation_id, status, -n FROM counter
        UNION ALL
        SELECT register_code, created_by, organisation_id, status, -n FROM delta
    ), mended AS (
        INSERT INTO delta (register_code, created_by, organisation_id, status, n)
        SELECT register_code, created_by, organisation_id, status, sum(n)
        FROM counted
        GROUP BY register_code, created_by, organisation_id, status
        HAVING sum(n) <> 0
        RETURNING id
    )
    SELECT count(*) INTO wrong FROM mended;
    RETURN wrong;
END
$$;

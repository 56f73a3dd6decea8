-- What reports holds of the registers: a copy of every record and outcome, counts of them, and how far the copying has
-- come. All of it can be made again from its sources.

-- `sequence` is the place in the source's feed. `generation` counts the rebuilds that the row has been part of.
-- `counted` is what the row adds to the tallies, each as question=answer, until `recount_on`, when its person comes into
-- another band of ages; an archived record counts nowhere.
CREATE TABLE record_copy (
    record_id uuid PRIMARY KEY,
    sequence bigint NOT NULL,
    generation integer NOT NULL,
    register_code text COLLATE "C" NOT NULL,
    edition text NOT NULL,
    reference text NOT NULL,
    version integer NOT NULL,
    organisation_id uuid NOT NULL,
    -- squawk-ignore prefer-bigint-over-smallint
    status smallint NOT NULL, -- 0 active, 1 archived
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    rated_at timestamptz NOT NULL,
    archived_at timestamptz,
    born date,
    answers jsonb NOT NULL,
    counted text [] NOT NULL,
    recount_on date
);
CREATE INDEX record_copy_in_order ON record_copy (register_code, status, created_at, record_id);
CREATE INDEX record_copy_of_organisation ON record_copy (register_code, organisation_id, status, created_at, record_id);
CREATE INDEX record_copy_recounted ON record_copy (recount_on, register_code) WHERE recount_on IS NOT NULL;

CREATE TABLE outcome_copy (
    outcome_id uuid PRIMARY KEY,
    record_id uuid NOT NULL,
    sequence bigint NOT NULL,
    generation integer NOT NULL,
    edition text NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    answers jsonb NOT NULL
);
CREATE INDEX outcome_copy_of_record ON outcome_copy (record_id, recorded_at, outcome_id);

-- How many active records there are with one answer to one question. #total counts them all, #age0 by the bands of the
-- first panel of ages.
CREATE TABLE tally (
    register_code text COLLATE "C" NOT NULL,
    organisation_id uuid NOT NULL,
    question text COLLATE "C" NOT NULL,
    answer text COLLATE "C" NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (register_code, organisation_id, question, answer)
);

-- One row for each source. `complete_at`: the copy holds all that was committed there before. `rebuild_sequence` says how
-- far a rebuild has come while one is under way. `counted_by` tells which questions the rows in `record_copy` count.
CREATE TABLE feed (
    source text PRIMARY KEY,
    sequence bigint NOT NULL DEFAULT 0,
    wanted boolean NOT NULL DEFAULT false,
    complete_at timestamptz,
    generation integer NOT NULL DEFAULT 0,
    rebuild_sequence bigint,
    rebuilt_at timestamptz,
    mended bigint NOT NULL DEFAULT 0,
    counted_by text NOT NULL DEFAULT ''
);
INSERT INTO feed (source) VALUES ('referrals'), ('outcomes');

-- The tallies follow the copies by triggers, so that no way of writing copies can forget them. One page is applied at a
-- time, so nobody else waits for these rows.
CREATE FUNCTION tally_copies() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF tg_op <> 'INSERT' THEN
        INSERT INTO tally AS t (register_code, organisation_id, question, answer, n)
        SELECT w.register_code, w.organisation_id, split_part(c.item, '=', 1), split_part(c.item, '=', 2), -count(*)
        FROM was AS w, unnest(w.counted) AS c (item)
        GROUP BY w.register_code, w.organisation_id, c.item
        ON CONFLICT (register_code, organisation_id, question, answer) DO UPDATE SET n = t.n + excluded.n;
    END IF;
    IF tg_op <> 'DELETE' THEN
        INSERT INTO tally AS t (register_code, organisation_id, question, answer, n)
        SELECT i.register_code, i.organisation_id, split_part(c.item, '=', 1), split_part(c.item, '=', 2), count(*)
        FROM is_now AS i, unnest(i.counted) AS c (item)
        GROUP BY i.register_code, i.organisation_id, c.item
        ON CONFLICT (register_code, organisation_id, question, answer) DO UPDATE SET n = t.n + excluded.n;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER copies_added AFTER INSERT ON record_copy
REFERENCING NEW TABLE AS is_now
FOR EACH STATEMENT EXECUTE FUNCTION tally_copies();

CREATE TRIGGER copies_changed AFTER UPDATE ON record_copy
REFERENCING OLD TABLE AS was NEW TABLE AS is_now
FOR EACH STATEMENT EXECUTE FUNCTION tally_copies();

CREATE TRIGGER copies_removed AFTER DELETE ON record_copy
REFERENCING OLD TABLE AS was
FOR EACH STATEMENT EXECUTE FUNCTION tally_copies();

-- Count the copies themselves, and put right each tally that differs. How many did; it should always be none.
CREATE FUNCTION prove_tallies() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    wrong bigint;
BEGIN
    LOCK TABLE tally IN SHARE ROW EXCLUSIVE MODE;
    WITH counted AS (
        SELECT r.register_code, r.organisation_id, split_part(c.item, '=', 1) AS question,
            split_part(c.item, '=', 2) AS answer, count(*) AS n
        FROM record_copy AS r, unnest(r.counted) AS c (item)
        GROUP BY r.register_code, r.organisation_id, c.item
        UNION ALL
        SELECT t.register_code, t.organisation_id, t.question, t.answer, -t.n
        FROM tally AS t
    ), mended AS (
        INSERT INTO tally AS t (register_code, organisation_id, question, answer, n)
        SELECT c.register_code, c.organisation_id, c.question, c.answer, sum(c.n)
        FROM counted AS c
        GROUP BY c.register_code, c.organisation_id, c.question, c.answer
        HAVING sum(c.n) <> 0
        ON CONFLICT (register_code, organisation_id, question, answer) DO UPDATE SET n = t.n + excluded.n
        RETURNING t.n
    )
    SELECT count(*) INTO wrong FROM mended;
    DELETE FROM tally WHERE n = 0;
    RETURN wrong;
END
$$;

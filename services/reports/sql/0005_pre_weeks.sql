-- How many records stood at each level of the rating in weeks that are over.

-- What a record came to and left: a sign, the Monday of the week, a space, the level. They never change by themselves, so
-- a week that begins costs nothing.
ALTER TABLE record_copy ADD COLUMN moves text [] NOT NULL DEFAULT '{}';

-- How many more records stood at a level at the end of a week than before it. The sum over all weeks up to one is how many
-- there were at its end. Weeks that nobody is shown any more are put together under -infinity.
CREATE TABLE rating_week (
    register_code text COLLATE "C" NOT NULL,
    organisation_id uuid NOT NULL,
    week date NOT NULL,
    level text COLLATE "C" NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (register_code, organisation_id, week, level)
);

-- Where a record is copied again with the same moves, which is what a rebuild does, nothing is counted.
CREATE FUNCTION tally_weeks() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    changed text := CASE tg_op
        WHEN 'INSERT' THEN 'SELECT register_code, organisation_id, moves, 1 AS sign FROM is_now'
        WHEN 'DELETE' THEN 'SELECT register_code, organisation_id, moves, -1 AS sign FROM was'
        ELSE 'SELECT v.register_code, v.organisation_id, v.moves, v.sign
            FROM was AS w
            INNER JOIN is_now AS i ON i.record_id = w.record_id
            CROSS JOIN LATERAL (VALUES
                (w.register_code, w.organisation_id, w.moves, -1), (i.register_code, i.organisation_id, i.moves, 1)
            ) AS v (register_code, organisation_id, moves, sign)
            WHERE (w.register_code, w.organisation_id, w.moves) IS DISTINCT FROM (i.register_code, i.organisation_id, i.moves)'
    END;
BEGIN
    EXECUTE format('
        INSERT INTO rating_week AS w (register_code, organisation_id, week, level, n)
        SELECT c.register_code, c.organisation_id, substr(m.move, 2, 10)::date, substr(m.move, 13),
            sum(c.sign * (left(m.move, 1) || ''1'')::integer)
        FROM (%s) AS c, unnest(c.moves) AS m (move)
        GROUP BY 1, 2, 3, 4
        HAVING sum(c.sign * (left(m.move, 1) || ''1'')::integer) <> 0
        ORDER BY 1, 2, 3, 4
        ON CONFLICT (register_code, organisation_id, week, level) DO UPDATE SET n = w.n + excluded.n
    ', changed);
    RETURN NULL;
END
$$;

CREATE TRIGGER weeks_added AFTER INSERT ON record_copy
REFERENCING NEW TABLE AS is_now
FOR EACH STATEMENT EXECUTE FUNCTION tally_weeks();

CREATE TRIGGER weeks_changed AFTER UPDATE ON record_copy
REFERENCING OLD TABLE AS was NEW TABLE AS is_now
FOR EACH STATEMENT EXECUTE FUNCTION tally_weeks();

CREATE TRIGGER weeks_removed AFTER DELETE ON record_copy
REFERENCING OLD TABLE AS was
FOR EACH STATEMENT EXECUTE FUNCTION tally_weeks();

-- The weeks before this day are together. It only goes forward, whichever clock is behind.
ALTER TABLE feed ADD COLUMN weeks_before date NOT NULL DEFAULT '-infinity';

-- Put the weeks before a day together, so that a dashboard reads few rows however old the register is.
CREATE FUNCTION fold_weeks(p_before date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE feed SET weeks_before = p_before WHERE source = 'referrals' AND weeks_before < p_before;
    WITH over AS (
        DELETE FROM rating_week WHERE week < p_before AND week > '-infinity'
        RETURNING register_code, organisation_id, level, n
    )
    INSERT INTO rating_week AS w (register_code, organisation_id, week, level, n)
    SELECT o.register_code, o.organisation_id, '-infinity', o.level, sum(o.n)
    FROM over AS o
    GROUP BY o.register_code, o.organisation_id, o.level
    HAVING sum(o.n) <> 0
    ORDER BY o.register_code, o.organisation_id, o.level
    ON CONFLICT (register_code, organisation_id, week, level) DO UPDATE SET n = w.n + excluded.n;
END
$$;

-- Count the moves of the copies themselves, with the weeks before a day together, and put right what differs. How many
-- rows did; it should always be none.
CREATE FUNCTION prove_weeks(p_before date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    wrong bigint;
    the_day date;
BEGIN
    PERFORM FROM feed WHERE source = 'referrals' FOR UPDATE; -- before the table, as whoever applies a page takes them
    LOCK TABLE rating_week IN SHARE ROW EXCLUSIVE MODE;
    SELECT greatest(p_before, f.weeks_before) INTO the_day FROM feed AS f WHERE f.source = 'referrals';
    PERFORM fold_weeks(the_day);
    WITH counted AS (
        SELECT c.register_code, c.organisation_id, substr(m.move, 2, 10)::date AS week, substr(m.move, 13) AS level,
            (left(m.move, 1) || '1')::integer AS n
        FROM record_copy AS c, unnest(c.moves) AS m (move)
        UNION ALL
        SELECT w.register_code, w.organisation_id, w.week, w.level, -w.n
        FROM rating_week AS w
    ), differing AS (
        SELECT c.register_code, c.organisation_id, CASE WHEN c.week < the_day THEN '-infinity' ELSE c.week END AS week,
            c.level, sum(c.n) AS n
        FROM counted AS c
        GROUP BY 1, 2, 3, 4
    ), mended AS (
        INSERT INTO rating_week AS w (register_code, organisation_id, week, level, n)
        SELECT d.register_code, d.organisation_id, d.week, d.level, d.n
        FROM differing AS d
        WHERE d.n <> 0
        ON CONFLICT (register_code, organisation_id, week, level) DO UPDATE SET n = w.n + excluded.n
        RETURNING w.n
    )
    SELECT count(*) INTO wrong FROM mended;
    DELETE FROM rating_week WHERE n = 0;
    RETURN wrong;
END
$$;

-- As before, and with the moves. A source that does not tell them yet tells of none.
CREATE OR REPLACE FUNCTION apply_records(
    p_lane text, p_seen bigint, p_last bigint, p_complete_at timestamptz, p_records jsonb, p_gone uuid []
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    the_generation integer := move_feed('referrals', p_lane, p_seen, p_last, p_complete_at);
    different bigint;
BEGIN
    IF the_generation IS NULL THEN
        RETURN false;
    END IF;
    IF p_lane = 'rebuild' THEN
        SELECT count(*) INTO different
        FROM jsonb_to_recordset(p_records) AS r (
            record_id uuid, sequence bigint, version integer, status smallint, answers jsonb, counted text [], moves text []
        )
        INNER JOIN feed AS f ON f.source = 'referrals'
        LEFT JOIN record_copy AS c ON c.record_id = r.record_id
        WHERE r.sequence <= f.sequence
            AND (c.record_id IS NULL OR c.sequence < r.sequence OR c.sequence = r.sequence
                AND (c.version, c.status, c.answers, c.counted, c.moves)
                    IS DISTINCT FROM (r.version, r.status, r.answers, r.counted, coalesce(r.moves, '{}')));
        UPDATE feed SET mended = mended + different WHERE source = 'referrals' AND different > 0;
    END IF;
    INSERT INTO record_copy AS c (
        record_id, sequence, generation, register_code, edition, reference, version, organisation_id, status, created_by,
        created_at, updated_at, rated_at, archived_at, born, answers, counted, recount_on, moves
    )
    SELECT
        r.record_id, r.sequence, the_generation, r.register_code, r.edition, r.reference, r.version, r.organisation_id,
        r.status, r.created_by, r.created_at, r.updated_at, r.rated_at, r.archived_at, r.born, r.answers, r.counted,
        r.recount_on, coalesce(r.moves, '{}')
    FROM jsonb_to_recordset(p_records) AS r (
        record_id uuid, sequence bigint, register_code text, edition text, reference text, version integer,
        organisation_id uuid, status smallint, created_by text, created_at timestamptz, updated_at timestamptz,
        rated_at timestamptz, archived_at timestamptz, born date, answers jsonb, counted text [], recount_on date,
        moves text []
    )
    ON CONFLICT (record_id) DO UPDATE SET
        sequence = excluded.sequence,
        generation = excluded.generation,
        register_code = excluded.register_code,
        edition = excluded.edition,
        reference = excluded.reference,
        version = excluded.version,
        organisation_id = excluded.organisation_id,
        status = excluded.status,
        created_by = excluded.created_by,
        created_at = excluded.created_at,
        updated_at = excluded.updated_at,
        rated_at = excluded.rated_at,
        archived_at = excluded.archived_at,
        born = excluded.born,
        answers = excluded.answers,
        counted = excluded.counted,
        recount_on = excluded.recount_on,
        moves = excluded.moves
    WHERE c.generation < excluded.generation
        OR (c.sequence < excluded.sequence AND c.version <= excluded.version);
    PERFORM drop_copies(p_gone);
    RETURN true;
END
$$;

DO $$
DECLARE
    app text := current_schema() || '_app';
    owner text := current_schema() || '_owner';
    scope text := 'register_code = (SELECT current_setting(''app.register'', true)) AND '
        'organisation_id = ANY ((SELECT nullif(current_setting(''app.orgs'', true), '''')::uuid [])::uuid [])';
    readers text := '(SELECT current_setting(''app.role'', true)) IN (''reporting'', ''administrator'')';
BEGIN
    ALTER TABLE rating_week ENABLE ROW LEVEL SECURITY;
    ALTER TABLE rating_week FORCE ROW LEVEL SECURITY;
    EXECUTE format('CREATE POLICY owner ON rating_week TO %I USING (true) WITH CHECK (true)', owner);
    EXECUTE format('CREATE POLICY scope ON rating_week TO %I USING (%s)', app, scope);
    EXECUTE format('CREATE POLICY roles ON rating_week AS RESTRICTIVE TO %I USING (%s)', app, readers);
    EXECUTE format('GRANT SELECT ON rating_week TO %I', app);
    EXECUTE 'REVOKE ALL ON FUNCTION tally_weeks(), fold_weeks(date), prove_weeks(date) FROM PUBLIC';
    EXECUTE format('GRANT EXECUTE ON FUNCTION fold_weeks(date), prove_weeks(date) TO %I', app);
END
$$;

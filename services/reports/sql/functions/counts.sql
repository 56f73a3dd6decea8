-- Counts of the copies: by answer, and by level of the rating in each week.

-- pg_restore turns `row_security` off. A dump has the counts too, so the triggers then do nothing.

-- Keep the tallies equal to the copies, after each statement that changes copies: those of each compartment, and those
-- of the whole register. A record that is copied again with the same counts changes nothing.
CREATE OR REPLACE FUNCTION tally_copies() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    changed text := CASE tg_op
        WHEN 'INSERT' THEN 'SELECT register_code, compartment_id, counted, 1 AS sign FROM is_now'
        WHEN 'DELETE' THEN 'SELECT register_code, compartment_id, counted, -1 AS sign FROM was'
        ELSE 'SELECT v.register_code, v.compartment_id, v.counted, v.sign
            FROM was AS w
            INNER JOIN is_now AS i ON i.record_id = w.record_id
            CROSS JOIN LATERAL (VALUES
                (w.register_code, w.compartment_id, w.counted, -1), (i.register_code, i.compartment_id, i.counted, 1)
            ) AS v (register_code, compartment_id, counted, sign)
            WHERE (w.register_code, w.compartment_id, w.counted)
                IS DISTINCT FROM (i.register_code, i.compartment_id, i.counted)'
    END;
BEGIN
    IF tg_op = 'INSERT' AND current_setting('row_security') = 'off' THEN
        RETURN NULL;
    END IF;
    EXECUTE format('
        INSERT INTO tally AS t (register_code, compartment_id, question, answer, n)
        SELECT c.register_code, c.compartment_id, a.question, a.answer, sum(c.sign)
        FROM (%s) AS c, jsonb_to_recordset(c.counted) AS a (question text, answer text)
        GROUP BY 1, 3, 4, GROUPING SETS ((c.compartment_id), ())
        HAVING sum(c.sign) <> 0
        ORDER BY 1, 2, 3, 4
        ON CONFLICT (register_code, compartment_id, question, answer) DO UPDATE SET n = t.n + excluded.n
    ', changed);
    RETURN NULL;
END
$$;

-- Count the copies themselves, and correct each wrong tally. Return how many were wrong; this should always be none.
CREATE OR REPLACE FUNCTION prove_tallies() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    wrong bigint;
BEGIN
    PERFORM FROM feed WHERE source = 'referrals' FOR UPDATE; -- locked before the table, as when a page is applied
    LOCK TABLE tally IN SHARE ROW EXCLUSIVE MODE;
    WITH counted AS (
        SELECT r.register_code, r.compartment_id, c.question, c.answer, count(*) AS n
        FROM record_copy AS r, jsonb_to_recordset(r.counted) AS c (question text, answer text)
        GROUP BY r.register_code, c.question, c.answer, GROUPING SETS ((r.compartment_id), ())
        UNION ALL
        SELECT t.register_code, t.compartment_id, t.question, t.answer, -t.n
        FROM tally AS t
    ), mended AS (
        INSERT INTO tally AS t (register_code, compartment_id, question, answer, n)
        SELECT c.register_code, c.compartment_id, c.question, c.answer, sum(c.n)
        FROM counted AS c
        GROUP BY c.register_code, c.compartment_id, c.question, c.answer
        HAVING sum(c.n) <> 0
        ON CONFLICT (register_code, compartment_id, question, answer) DO UPDATE SET n = t.n + excluded.n
        RETURNING t.n
    )
    SELECT count(*) INTO wrong FROM mended;
    DELETE FROM tally WHERE n = 0;
    RETURN wrong;
END
$$;
GRANT EXECUTE ON FUNCTION prove_tallies() TO reports_background;

-- Count these records again, except those that were renewed from their source meanwhile. Return how many were counted.
CREATE OR REPLACE FUNCTION recount(p_rows jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    recounted bigint;
BEGIN
    PERFORM FROM feed WHERE source = 'referrals' FOR UPDATE; -- locked before the copies, as when a page is applied
    UPDATE record_copy AS c
    SET counted = r.counted, recount_on = r.recount_on
    FROM jsonb_array_elements(p_rows) AS e (item)
    CROSS JOIN LATERAL jsonb_to_record(e.item) AS r (record_id uuid, sequence bigint, counted jsonb, recount_on date)
    WHERE check_keys(e.item, ARRAY['record_id', 'sequence', 'counted', 'recount_on'])
        AND c.record_id = r.record_id AND c.sequence = r.sequence AND c.recount_on IS DISTINCT FROM r.recount_on;
    GET DIAGNOSTICS recounted = ROW_COUNT;
    RETURN recounted;
END
$$;
GRANT EXECUTE ON FUNCTION recount(jsonb) TO reports_background;

-- Return records of all registers and compartments whose day for a recount has come, at most `p_most` of them.
CREATE OR REPLACE FUNCTION find_overdue(p_day date, p_most integer) RETURNS TABLE (
    record_id uuid, sequence bigint, register_code text, counted jsonb, born date
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT c.record_id, c.sequence, c.register_code, c.counted, c.born
    FROM record_copy AS c
    WHERE c.recount_on <= p_day
    LIMIT p_most
$$;
GRANT EXECUTE ON FUNCTION find_overdue(date, integer) TO reports_background;

-- Keep the weeks equal to the moves of the copies: those of each compartment, and those of the whole register. A record
-- that is copied again with the same moves, as in a rebuild, changes nothing.
CREATE OR REPLACE FUNCTION tally_weeks() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    changed text := CASE tg_op
        WHEN 'INSERT' THEN 'SELECT register_code, compartment_id, moves, 1 AS sign FROM is_now'
        WHEN 'DELETE' THEN 'SELECT register_code, compartment_id, moves, -1 AS sign FROM was'
        ELSE 'SELECT v.register_code, v.compartment_id, v.moves, v.sign
            FROM was AS w
            INNER JOIN is_now AS i ON i.record_id = w.record_id
            CROSS JOIN LATERAL (VALUES
                (w.register_code, w.compartment_id, w.moves, -1), (i.register_code, i.compartment_id, i.moves, 1)
            ) AS v (register_code, compartment_id, moves, sign)
            WHERE (w.register_code, w.compartment_id, w.moves) IS DISTINCT FROM (i.register_code, i.compartment_id, i.moves)'
    END;
BEGIN
    IF tg_op = 'INSERT' AND current_setting('row_security') = 'off' THEN
        RETURN NULL;
    END IF;
    EXECUTE format('
        INSERT INTO rating_week AS w (register_code, compartment_id, week, level, n)
        SELECT c.register_code, c.compartment_id, m.week, m.level, sum(c.sign * m.n)
        FROM (%s) AS c, jsonb_to_recordset(c.moves) AS m (week date, level text, n integer)
        GROUP BY 1, 3, 4, GROUPING SETS ((c.compartment_id), ())
        HAVING sum(c.sign * m.n) <> 0
        ORDER BY 1, 2, 3, 4
        ON CONFLICT (register_code, compartment_id, week, level) DO UPDATE SET n = w.n + excluded.n
    ', changed);
    RETURN NULL;
END
$$;

-- Combine the weeks before a day, so that a dashboard reads few rows however old the register is.
CREATE OR REPLACE FUNCTION fold_weeks(p_before date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE feed SET weeks_before = p_before WHERE source = 'referrals' AND weeks_before < p_before;
    WITH over AS (
        DELETE FROM rating_week WHERE week < p_before AND week > '-infinity'
        RETURNING register_code, compartment_id, level, n
    )
    INSERT INTO rating_week AS w (register_code, compartment_id, week, level, n)
    SELECT o.register_code, o.compartment_id, '-infinity', o.level, sum(o.n)
    FROM over AS o
    GROUP BY o.register_code, o.compartment_id, o.level
    HAVING sum(o.n) <> 0
    ORDER BY o.register_code, o.compartment_id, o.level
    ON CONFLICT (register_code, compartment_id, week, level) DO UPDATE SET n = w.n + excluded.n;
END
$$;
GRANT EXECUTE ON FUNCTION fold_weeks(date) TO reports_background;

-- Count the moves of the copies themselves, with the weeks before a day combined, and correct the rows that differ.
-- Return how many rows were wrong; this should always be none.
CREATE OR REPLACE FUNCTION prove_weeks(p_before date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    wrong bigint;
    the_day date;
BEGIN
    PERFORM FROM feed WHERE source = 'referrals' FOR UPDATE; -- locked before the table, as when a page is applied
    LOCK TABLE rating_week IN SHARE ROW EXCLUSIVE MODE;
    SELECT greatest(p_before, f.weeks_before) INTO the_day FROM feed AS f WHERE f.source = 'referrals';
    PERFORM fold_weeks(the_day);
    WITH counted AS (
        SELECT c.register_code, c.compartment_id, m.week, m.level, sum(m.n) AS n
        FROM record_copy AS c, jsonb_to_recordset(c.moves) AS m (week date, level text, n integer)
        GROUP BY c.register_code, m.week, m.level, GROUPING SETS ((c.compartment_id), ())
        UNION ALL
        SELECT w.register_code, w.compartment_id, w.week, w.level, -w.n
        FROM rating_week AS w
    ), differing AS (
        SELECT c.register_code, c.compartment_id, CASE WHEN c.week < the_day THEN '-infinity' ELSE c.week END AS week,
            c.level, sum(c.n) AS n
        FROM counted AS c
        GROUP BY 1, 2, 3, 4
    ), mended AS (
        INSERT INTO rating_week AS w (register_code, compartment_id, week, level, n)
        SELECT d.register_code, d.compartment_id, d.week, d.level, d.n
        FROM differing AS d
        WHERE d.n <> 0
        ON CONFLICT (register_code, compartment_id, week, level) DO UPDATE SET n = w.n + excluded.n
        RETURNING w.n
    )
    SELECT count(*) INTO wrong FROM mended;
    DELETE FROM rating_week WHERE n = 0;
    RETURN wrong;
END
$$;
GRANT EXECUTE ON FUNCTION prove_weeks(date) TO reports_background;

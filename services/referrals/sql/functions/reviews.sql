-- Reviews of records, and the days on which they are due.

-- Save a review for a command, as `save_version` does, with the day agreed for the next one, or null. A day that was agreed
-- at an earlier review no longer counts.
CREATE OR REPLACE FUNCTION save_review(
    p_scope jsonb, p_command jsonb, p_version jsonb, p_content jsonb, p_events jsonb, p_next_review date,
    OUT verdict text, OUT version_there integer, OUT matches jsonb, OUT seen uuid []
)
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    wanted record := read_version(p_version);
BEGIN
    SELECT s.verdict, s.version_there, s.matches, s.seen INTO verdict, version_there, matches, seen
    FROM save_version(p_scope, p_command, p_version, p_content, p_events) AS s;
    IF verdict = 'done' THEN
        UPDATE record AS r
        SET next_review = p_next_review, review_agreed_at = CASE WHEN p_next_review IS NOT NULL THEN r.rated_at END
        WHERE r.id = wanted.record_id AND coalesce(p_next_review, r.next_review) IS NOT NULL;
    END IF;
END
$$;

-- Return the day on which the next review of a record is due; null if no day was agreed and its level has no interval. The
-- Python function of this name does the same. `p_days` are the intervals of the levels `p_levels`.
CREATE OR REPLACE FUNCTION review_due(
    p_rating text, p_rated_at timestamptz, p_next_review date, p_agreed_at timestamptz, p_levels text [],
    p_days integer []
) RETURNS date
LANGUAGE plpgsql IMMUTABLE SET search_path FROM CURRENT AS $$
DECLARE
    rated date := (p_rated_at AT TIME ZONE 'Europe/London')::date;
BEGIN
    IF p_agreed_at = p_rated_at THEN
        RETURN p_next_review;
    END IF;
    RETURN least(
        CASE WHEN p_next_review > rated THEN p_next_review END,
        rated + p_days[array_position(p_levels, coalesce(p_rating, 'every'))]
    );
END
$$;

-- Return which reviews are asked for: those due from the first day until before the last. A null first day is the
-- beginning; a null last day asks for all records, and then the intervals only sort.
CREATE OR REPLACE FUNCTION read_due(p_due jsonb) RETURNS record
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    due record;
BEGIN
    SELECT d.* INTO due
    FROM jsonb_to_record(p_due) AS d (from_day date, until_day date, levels text [], days integer [])
    WHERE check_keys(p_due, ARRAY['from_day', 'until_day', 'levels', 'days']);
    RETURN due;
END
$$;

-- Return the ids of open records whose review is due in this time, the first due first, and at most `p_most` of them.
-- `p_user` is a user who sees only their own records, and null otherwise.
CREATE OR REPLACE FUNCTION due_ids(
    p_scope record, p_user uuid, p_ratings text [], p_localities text [], p_due record, p_most integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    IF p_user IS NULL THEN
        RETURN due_scope_ids(
            p_scope.register_code, p_scope.compartment_ids, p_ratings, p_localities, p_due, p_most
        );
    END IF;
    RETURN due_among(filtered_own_ids(p_scope.register_code, p_user, p_ratings, p_localities, 100000), p_due, p_most);
END
$$;

-- Return those of the records whose review is due in this time, the first due first. With a null last day all records are
-- returned, those without a due date last.
CREATE OR REPLACE FUNCTION due_among(p_ids uuid [], p_due record, p_most integer) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN ARRAY(
        SELECT d.id
        FROM (
            SELECT r.id, r.updated_at,
                review_due(r.rating, r.rated_at, r.next_review, r.review_agreed_at, p_due.levels, p_due.days) AS due_on
            FROM record AS r
            WHERE r.id = ANY(p_ids)
        ) AS d
        WHERE p_due.until_day IS NULL
            OR (d.due_on < p_due.until_day AND (p_due.from_day IS NULL OR d.due_on >= p_due.from_day))
        ORDER BY d.due_on, d.updated_at DESC, d.id
        LIMIT p_most
    );
END
$$;

-- Return the ids of due records of a scope. Each level is read by its index up to the rating that is due on the last day.
-- SECURITY DEFINER and ids only, as `filtered_scope_ids`.
CREATE OR REPLACE FUNCTION due_scope_ids(
    p_register text, p_compartments uuid [], p_ratings text [], p_localities text [], p_due record, p_most integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    RETURN ARRAY(
        SELECT d.id
        FROM (
            SELECT n.id, n.due_on
            FROM unnest(p_due.levels, p_due.days) AS l (name, days)
            CROSS JOIN LATERAL (
                SELECT r.id, (r.rated_at AT TIME ZONE 'Europe/London')::date + l.days AS due_on
                FROM record AS r
                WHERE r.register_code = p_register AND r.is_open AND r.next_review IS NULL
                    AND coalesce(r.rating, 'every') = l.name
                    AND r.rated_at < day_began(p_due.until_day - l.days)
                    AND r.rated_at >= coalesce(day_began(p_due.from_day - l.days), '-infinity')
                    AND (p_compartments IS NULL OR r.compartment_id = ANY(p_compartments))
                    AND (p_ratings IS NULL OR r.rating = ANY(p_ratings))
                    AND (p_localities IS NULL OR r.locality = ANY(p_localities))
                ORDER BY r.rated_at, r.id
                LIMIT p_most
            ) AS n
            UNION ALL
            SELECT a.id, a.due_on
            FROM agreed_due(p_register, p_due.until_day, p_due.levels, p_due.days) AS a
            WHERE (p_due.from_day IS NULL OR a.due_on >= p_due.from_day)
                AND (p_compartments IS NULL OR a.compartment_id = ANY(p_compartments))
                AND (p_ratings IS NULL OR a.rating = ANY(p_ratings))
                AND (p_localities IS NULL OR a.locality = ANY(p_localities))
        ) AS d
        ORDER BY d.due_on, d.id
        LIMIT p_most
    );
END
$$;

-- Return the open records of a register for which a day was agreed, and which are due before a day: by the day agreed, or
-- by a rating that was given after it. Only functions of the owner call it.
CREATE OR REPLACE FUNCTION agreed_due(p_register text, p_until date, p_levels text [], p_days integer []) RETURNS TABLE (
    id uuid, due_on date, compartment_id uuid, rating text, locality text
)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT d.id, d.due_on, d.compartment_id, d.rating, d.locality
    FROM (
        SELECT
            r.id, r.compartment_id, r.rating, r.locality,
            review_due(r.rating, r.rated_at, r.next_review, r.review_agreed_at, p_levels, p_days) AS due_on
        FROM record AS r
        WHERE r.register_code = p_register AND r.is_open AND r.next_review < p_until
        UNION ALL
        SELECT
            r.id, r.compartment_id, r.rating, r.locality,
            review_due(r.rating, r.rated_at, r.next_review, r.review_agreed_at, p_levels, p_days) AS due_on
        FROM record AS r
        WHERE r.register_code = p_register AND r.is_open AND r.next_review >= p_until AND r.review_agreed_at <> r.rated_at
    ) AS d
    WHERE d.due_on < p_until
$$;

-- Return how many reviews are overdue and how many are due soon, each up to `p_most`: `p_due` asks for the overdue ones,
-- and `p_soon` for the others.
CREATE OR REPLACE FUNCTION count_due(
    p_scope jsonb, p_due jsonb, p_soon jsonb, p_most integer, OUT overdue integer, OUT soon integer
)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    scope record := open_scope(p_scope);
    own uuid := CASE WHEN scope.own_records_only THEN scope.user_id END;
BEGIN
    overdue := cardinality(due_ids(scope, own, NULL, NULL, read_due(p_due), p_most));
    soon := cardinality(due_ids(scope, own, NULL, NULL, read_due(p_soon), p_most));
END
$$;

-- Return the days agreed for the next reviews of some records, for those that have one. SECURITY DEFINER: reports reads all
-- registers and compartments.
CREATE OR REPLACE FUNCTION read_agreed(p_records uuid [])
RETURNS TABLE (record_id uuid, next_review date, review_agreed_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
    SELECT r.id, r.next_review, r.review_agreed_at
    FROM record AS r
    WHERE r.id = ANY(p_records) AND r.next_review IS NOT NULL
$$;
GRANT EXECUTE ON FUNCTION read_agreed(uuid []) TO referrals_background;

-- Return the days agreed for the next reviews of records in sight, with the times at which they were agreed. Not audited:
-- the caller has read these very records.
CREATE OR REPLACE FUNCTION review_days(p_scope jsonb, p_records uuid []) RETURNS TABLE (
    record_id uuid, rating text, rated_at timestamptz, next_review date, agreed_at timestamptz
)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    scope record := open_scope(p_scope);
BEGIN
    RETURN QUERY
    SELECT r.id, r.rating, r.rated_at, r.next_review, r.review_agreed_at
    FROM record AS r
    WHERE r.id = ANY(p_records) AND r.register_code = scope.register_code
        AND (scope.compartment_ids IS NULL OR r.compartment_id = ANY(scope.compartment_ids))
        AND (NOT scope.own_records_only OR r.created_by = scope.user_id OR r.id = ANY(held_ids()));
END
$$;

GRANT EXECUTE ON FUNCTION
save_review(jsonb, jsonb, jsonb, jsonb, jsonb, date),
review_due(text, timestamptz, date, timestamptz, text [], integer []), read_due(jsonb),
due_ids(record, uuid, text [], text [], record, integer), due_among(uuid [], record, integer),
due_scope_ids(text, uuid [], text [], text [], record, integer),
count_due(jsonb, jsonb, jsonb, integer), review_days(jsonb, uuid [])
TO referrals_app;

-- Reminders of reviews: by reference, once a day to each holder.

-- Note that the reminders of a day are being sent, and return whether nobody had: of several processes one sends them.
-- Return false, and note nothing, while an earlier notice of this type waits to be published. SECURITY DEFINER: the days
-- have no grant.
CREATE OR REPLACE FUNCTION begin_review_day(p_register text, p_day date, p_type text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM outbox AS o WHERE o.event_type = p_type AND o.sent_at IS NULL) THEN
        RETURN false;
    END IF;
    DELETE FROM review_reminder_day WHERE register_code = p_register AND day < p_day - 30;
    INSERT INTO review_reminder_day (register_code, day) VALUES (p_register, p_day) ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$$;

-- Note whom the job reminds of what, and return it: of a review that is due within a week, of one that is overdue, and
-- again each week after that. Of each due date once. A record from a spreadsheet counts once somebody has updated or
-- reviewed it, or holds it. SECURITY DEFINER: there is no user, and reviews of all compartments are due.
CREATE OR REPLACE FUNCTION remind_of_reviews(p_register text, p_day date, p_levels text [], p_days integer [])
RETURNS TABLE (
    record_id uuid, holder_id uuid, creator_id uuid, organisation_id uuid, bodies text [], reference text,
    due_on date
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_column
DECLARE
    coming record;
BEGIN
    SELECT NULL::date AS from_day, p_day + 8 AS until_day, p_levels AS levels, p_days AS days INTO coming;
    RETURN QUERY
    WITH due AS (
        SELECT r.id, review_due(r.rating, r.rated_at, r.next_review, r.review_agreed_at, p_levels, p_days) AS due_on
        FROM record AS r
        WHERE r.id = ANY(due_scope_ids(p_register, NULL, NULL, NULL, coming, NULL))
    ), reminded AS (
        INSERT INTO review_reminder AS m (record_id, due_on, is_overdue, reminded_on)
        SELECT d.id, d.due_on, d.due_on < p_day, p_day
        FROM due AS d
        WHERE was_taken_up(d.id)
        ON CONFLICT (record_id) DO UPDATE
        SET due_on = excluded.due_on, is_overdue = excluded.is_overdue, reminded_on = excluded.reminded_on
        WHERE m.due_on <> excluded.due_on OR (excluded.is_overdue AND NOT m.is_overdue)
            OR (excluded.is_overdue AND m.reminded_on <= p_day - 7)
        RETURNING m.record_id, m.due_on
    )
    SELECT r.id, coalesce(h.user_id, r.created_by), r.created_by, r.organisation_id, c.bodies, r.reference, m.due_on
    FROM reminded AS m
    INNER JOIN record AS r ON r.id = m.record_id
    LEFT JOIN compartment AS c ON c.compartment_id = r.compartment_id
    LEFT JOIN record_holding AS h ON h.record_id = r.id AND h.kind = 'holder' AND h.ended_at IS NULL
    ORDER BY 2, m.due_on, r.reference;
END
$$;

-- Return whether somebody looks after a record. Of records that a spreadsheet brought and nobody has touched, nobody is
-- mailed: they are on the list of reviews.
CREATE OR REPLACE FUNCTION was_taken_up(p_record uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT NOT EXISTS (SELECT FROM record_version AS v WHERE v.record_id = p_record AND v.version = 0 AND v.act = 'loaded')
        OR EXISTS (SELECT FROM record_version AS v WHERE v.record_id = p_record AND v.act IN ('updated', 'reviewed'))
        OR EXISTS (SELECT FROM record_holding AS h WHERE h.record_id = p_record AND h.kind = 'holder')
$$;

GRANT EXECUTE ON FUNCTION begin_review_day(text, date, text), remind_of_reviews(text, date, text [], integer [])
TO referrals_background;

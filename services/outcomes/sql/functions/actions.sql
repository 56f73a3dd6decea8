-- Actions: the reminders of a day, each once, and what follows from a change of their records.

-- Take the actions of a register of which their colleagues are reminded on a day: those due up to `p_soon`, once, and
-- from the day on once more. Nobody is reminded twice on one day. The caller publishes them in the same transaction.
CREATE OR REPLACE FUNCTION take_reminders(p_register text, p_day date, p_soon date) RETURNS TABLE (
    recipient uuid, action_id uuid, compartment_id uuid, reference text, due_on date
)
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    WITH due AS (
        SELECT a.id, a.colleague_id
        FROM action AS a
        WHERE a.register_code = p_register AND a.state = 'open' AND a.due_on <= p_soon
            AND CASE WHEN a.due_on <= p_day THEN a.day_told_for ELSE a.soon_told_for END IS DISTINCT FROM a.due_on
    ), mailed AS (
        INSERT INTO action_mailed (register_code, recipient, day)
        SELECT DISTINCT p_register, d.colleague_id, p_day FROM due AS d ORDER BY d.colleague_id
        ON CONFLICT DO NOTHING
        RETURNING action_mailed.recipient
    )
    UPDATE action AS a
    SET soon_told_for = a.due_on, day_told_for = CASE WHEN a.due_on <= p_day THEN a.due_on ELSE a.day_told_for END
    FROM due AS d
    INNER JOIN mailed AS m ON m.recipient = d.colleague_id
    WHERE a.id = d.id AND a.state = 'open'
    RETURNING m.recipient, a.id, a.compartment_id, a.reference, a.due_on
$$;
GRANT EXECUTE ON FUNCTION take_reminders(text, date, date) TO outcomes_background;

-- Take the overdue actions of a register of which its team has not been told for a week, once a day at most. Forget on
-- which days mails went out a month ago. The caller publishes them in the same transaction.
CREATE OR REPLACE FUNCTION take_overdue(p_register text, p_day date, p_week date) RETURNS TABLE (
    action_id uuid, compartment_id uuid, reference text, due_on date
)
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    WITH forgotten AS (
        DELETE FROM action_mailed AS f WHERE f.register_code = p_register AND f.day < p_day - 30
    ), due AS (
        SELECT a.id
        FROM action AS a
        WHERE a.register_code = p_register AND a.state = 'open' AND a.due_on < p_day
            AND (a.overdue_told_on IS NULL OR a.overdue_told_on <= p_week)
    ), mailed AS (
        INSERT INTO action_mailed (register_code, recipient, day)
        SELECT DISTINCT p_register, '00000000-0000-0000-0000-000000000000'::uuid, p_day FROM due
        ON CONFLICT DO NOTHING
        RETURNING action_mailed.recipient
    )
    UPDATE action AS a
    SET overdue_told_on = p_day
    FROM due AS d
    CROSS JOIN mailed
    WHERE a.id = d.id AND a.state = 'open'
    RETURNING a.id, a.compartment_id, a.reference, a.due_on
$$;
GRANT EXECUTE ON FUNCTION take_overdue(text, date, date) TO outcomes_background;

-- Return whether a notice of this type waits to be published.
CREATE OR REPLACE FUNCTION notice_waits(p_type text) RETURNS boolean
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT EXISTS (SELECT FROM outbox WHERE sent_at IS NULL AND event_type = p_type)
$$;
GRANT EXECUTE ON FUNCTION notice_waits(text) TO outcomes_background;

-- Keep the localities of records at their actions that have not ended.
CREATE OR REPLACE FUNCTION place_actions(p_records uuid [], p_localities text []) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    UPDATE action AS a SET locality = w.locality
    FROM unnest(p_records, p_localities) AS w (record_id, locality)
    WHERE a.record_id = w.record_id AND a.ended_at IS NULL AND a.locality IS DISTINCT FROM w.locality
$$;
GRANT EXECUTE ON FUNCTION place_actions(uuid [], text []) TO outcomes_background;

-- Return what closed meetings decided about a record, the latest first, by codes: for an administrator of its compartment,
-- and for a standard user of it to whom this transaction names the record. Leave out meetings at which the user has
-- declared an interest in the person.
CREATE OR REPLACE FUNCTION decisions_of_record(p_record uuid, p_most integer) RETURNS TABLE (
    held_on date, name text, edition text, decision text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT m.held_on, m.name, i.edition, i.decision
    FROM meeting_item AS i
    INNER JOIN meeting AS m ON m.id = i.meeting_id
    WHERE i.record_id = p_record AND m.state = 'closed' AND i.is_done AND i.decision <> ''
        AND i.register_code = current_setting('app.register', true)
        AND (
            current_setting('app.all', true) = '1'
            OR i.compartment_id = ANY (nullif(current_setting('app.compartments', true), '')::uuid [])
        )
        AND (
            current_setting('app.role', true) = 'administrator'
            OR current_setting('app.role', true) = 'standard' AND current_setting('app.record', true) = p_record::text
        )
        AND NOT EXISTS (
            SELECT FROM meeting_interest AS n
            WHERE n.meeting_id = i.meeting_id AND n.record_id = p_record
                AND n.user_id = nullif(current_setting('app.user', true), '')::uuid
        )
    ORDER BY m.held_on DESC, m.id
    LIMIT p_most
$$;
GRANT EXECUTE ON FUNCTION decisions_of_record(uuid, integer) TO outcomes_app;

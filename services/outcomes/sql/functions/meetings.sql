-- Meetings: which people are on an agenda, the agenda as a meeting starts, and what follows when it is closed.

-- Return the people on the agenda of a planned meeting, each once with the most urgent reason: red, amber, then green,
-- each the oldest rating first. The open tasks of the area come by themselves, ambers if they were rated after `after`
-- (the cut-off of the meeting before it) and by `cut_off`. Without `cut_off` only those come who were added by hand.
-- Without `after` it is the next meeting of the area, which also takes the reds, those carried over, and those whose
-- agreed review is overdue.
--
-- Those on the agenda of a meeting of the series that started `today` are there already. The place counts the people of
-- all compartments, and those in some of them, or in all (null), are returned: ids alone, and no row unless the visitor
-- of this transaction is an administrator of the register.
CREATE OR REPLACE FUNCTION agenda_ids(p_agenda jsonb, p_compartments uuid []) RETURNS TABLE (
    place bigint, record_id uuid, because text, urgency text, since timestamptz, task_id uuid, source_id uuid
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_column
DECLARE
    w record;
BEGIN
    SELECT a.* INTO STRICT w
    FROM jsonb_to_record(p_agenda) AS a (
        register_code text, series_id uuid, meeting_id uuid, locality text, others text [], whole_is_free boolean,
        after timestamptz, cut_off timestamptz, today timestamptz
    )
    WHERE check_keys(p_agenda, ARRAY[
        'register_code', 'series_id', 'meeting_id', 'locality', 'others', 'whole_is_free', 'after', 'cut_off', 'today'
    ]);
    IF NOT is_administrator_of(w.register_code) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH called AS (
        SELECT t.record_id, CASE t.kind WHEN 'urgent' THEN 1 ELSE 2 END AS reason, NULL::uuid AS source_id
        FROM area_tasks(w.register_code, w.locality, w.others, w.after, w.cut_off, w.series_id, w.today) AS t
        UNION ALL
        SELECT c.record_id, 3, c.meeting_id
        FROM carried_items(w.register_code, w.locality, w.others, w.whole_is_free) AS c
        WHERE w.cut_off IS NOT NULL AND w.after IS NULL
        UNION ALL
        SELECT v.record_id, 4, NULL
        FROM overdue_reviews(w.register_code, w.locality, w.others, w.series_id, w.today) AS v (record_id)
        WHERE w.cut_off IS NOT NULL AND w.after IS NULL
        UNION ALL
        SELECT i.record_id, 5, i.meeting_id FROM meeting_item AS i WHERE i.meeting_id = w.meeting_id
    ), once AS (
        SELECT DISTINCT ON (c.record_id) c.record_id, c.reason, c.source_id
        FROM called AS c
        ORDER BY c.record_id, c.reason
    ), placed AS (
        SELECT o.record_id, o.reason, o.source_id, t.id AS task_id, t.kind, t.opened_at,
            coalesce(t.compartment_id, i.compartment_id, v.compartment_id) AS compartment_id,
            row_number() OVER (
                ORDER BY
                    CASE t.kind WHEN 'urgent' THEN 1 WHEN 'agenda' THEN 2 ELSE 3 END, t.opened_at, i.added_at,
                    v.review_on, o.record_id
            ) AS place
        FROM once AS o
        LEFT JOIN task AS t ON t.record_id = o.record_id AND t.closed_at IS NULL
        LEFT JOIN meeting_item AS i ON i.meeting_id = o.source_id AND i.record_id = o.record_id
        LEFT JOIN agreed_review AS v ON v.record_id = o.record_id
        WHERE NOT EXISTS (SELECT FROM record_known AS k WHERE k.record_id = o.record_id AND NOT k.is_open)
    )
    SELECT p.place, p.record_id, (ARRAY['urgent', 'agenda', 'carried', 'overdue', 'by_hand'])[p.reason],
        CASE p.kind WHEN 'urgent' THEN 'urgent' WHEN 'agenda' THEN 'alert' ELSE 'routine' END,
        p.opened_at, p.task_id, p.source_id
    FROM placed AS p
    WHERE (p.place <= 150 OR p.reason = 5) AND (p_compartments IS NULL OR p.compartment_id = ANY(p_compartments))
    ORDER BY p.place;
END
$$;
GRANT EXECUTE ON FUNCTION agenda_ids(jsonb, uuid []) TO outcomes_app;

-- Return whether the visitor of this transaction is an administrator of the register.
CREATE OR REPLACE FUNCTION is_administrator_of(p_register text) RETURNS boolean
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT coalesce(current_setting('app.role', true), '') = 'administrator'
        AND coalesce(current_setting('app.register', true), '') = p_register
$$;

-- Return the open tasks of an area that call for a meeting. That of a series without locality is what `p_others`, the
-- localities of the other active series, leave. Only functions of the owner call it.
CREATE OR REPLACE FUNCTION area_tasks(
    p_register text, p_area text, p_others text [], p_after timestamptz, p_cut_off timestamptz, p_series uuid,
    p_today timestamptz
) RETURNS TABLE (record_id uuid, kind text)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT t.record_id, t.kind
    FROM task AS t
    WHERE t.register_code = p_register AND t.closed_at IS NULL AND p_cut_off IS NOT NULL
        AND (
            t.kind = 'urgent' AND p_after IS NULL
            OR t.kind = 'agenda' AND t.discussed_at IS NULL AND t.opened_at <= p_cut_off
            AND (p_after IS NULL OR t.opened_at > p_after)
        )
        AND (
            t.locality = p_area
            OR p_area IS NULL AND (t.locality IS NULL OR t.locality <> ALL(p_others))
        )
        AND t.record_id NOT IN (SELECT b.record_id FROM being_met(p_register, p_series, p_today) AS b (record_id))
$$;

-- Return the records of an area whose agreed review was due before today. Only functions of the owner call it.
CREATE OR REPLACE FUNCTION overdue_reviews(
    p_register text, p_area text, p_others text [], p_series uuid, p_today timestamptz
) RETURNS SETOF uuid
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT v.record_id
    FROM agreed_review AS v
    WHERE v.register_code = p_register AND v.review_on < london_day(p_today)
        AND (
            v.locality = p_area
            OR p_area IS NULL AND (v.locality IS NULL OR v.locality <> ALL(p_others))
        )
        AND v.record_id NOT IN (SELECT b.record_id FROM being_met(p_register, p_series, p_today) AS b (record_id))
$$;

-- Return the records on the agenda of a meeting of the series that started today and is not closed.
CREATE OR REPLACE FUNCTION being_met(p_register text, p_series uuid, p_today timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT i.record_id
    FROM meeting AS m
    INNER JOIN meeting_item AS i ON i.meeting_id = m.id
    WHERE m.register_code = p_register AND m.series_id = p_series AND m.state = 'in_progress'
        AND m.settled_at >= p_today
$$;

-- Return the people whom a meeting of the area left to the next one, and the meeting that they were at last: those
-- without done minutes, those whose decision carries them over, and those added by hand to a meeting that was cancelled.
-- With `p_whole_is_free` no active series covers the whole register, and what its meetings left goes by the record.
CREATE OR REPLACE FUNCTION carried_items(p_register text, p_area text, p_others text [], p_whole_is_free boolean)
RETURNS TABLE (record_id uuid, meeting_id uuid)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT i.record_id, i.meeting_id
    FROM meeting AS m
    INNER JOIN meeting_item AS i ON i.meeting_id = m.id
    WHERE m.register_code = p_register AND m.state IN ('closed', 'cancelled') AND (NOT i.is_done OR i.carries)
        AND (
            m.locality = p_area
            OR p_area IS NULL AND (m.locality IS NULL OR m.locality <> ALL(p_others))
            OR p_whole_is_free AND m.locality IS NULL AND i.locality = p_area
        )
        AND NOT EXISTS (
            SELECT FROM meeting_item AS j
            INNER JOIN meeting AS n ON n.id = j.meeting_id
            WHERE j.record_id = i.record_id AND n.state <> 'planned' AND (n.settled_at, n.id) > (m.settled_at, m.id)
        )
$$;

-- Store the agenda of a meeting that starts, in its order, for all compartments. Those added by hand who have left the register drop
-- out. Lock what is known of the records first, in the order of their ids, so that no item stays in a compartment that
-- its record leaves meanwhile.
CREATE OR REPLACE FUNCTION start_meeting(p_meeting uuid, p_agenda jsonb, p_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_column
DECLARE
    called uuid [];
BEGIN
    IF NOT EXISTS (SELECT FROM meeting AS m WHERE m.id = p_meeting AND is_administrator_of(m.register_code)) THEN
        RETURN;
    END IF;
    SELECT coalesce(array_agg(a.record_id), '{}') INTO called FROM agenda_ids(p_agenda, NULL) AS a;
    PERFORM FROM record_known AS k WHERE k.record_id = ANY(called) ORDER BY k.record_id FOR UPDATE;
    INSERT INTO meeting_item (
        meeting_id, record_id, register_code, compartment_id, reference, locality, urgency, because, since, added_at
    )
    SELECT p_meeting, a.record_id, m.register_code, coalesce(k.compartment_id, t.compartment_id, i.compartment_id),
        coalesce(t.reference, i.reference, v.reference), coalesce(t.locality, i.locality, v.locality), a.urgency, a.because, a.since,
        p_at + a.place * interval '1 microsecond'
    FROM agenda_ids(p_agenda, NULL) AS a
    INNER JOIN meeting AS m ON m.id = p_meeting
    LEFT JOIN task AS t ON t.id = a.task_id
    LEFT JOIN meeting_item AS i ON i.meeting_id = a.source_id AND i.record_id = a.record_id
    LEFT JOIN record_known AS k ON k.record_id = a.record_id
    LEFT JOIN agreed_review AS v ON v.record_id = a.record_id
    WHERE a.record_id = ANY(called)
    ON CONFLICT (meeting_id, record_id) DO UPDATE
    SET urgency = excluded.urgency, because = excluded.because, since = excluded.since, added_at = excluded.added_at;
    DELETE FROM meeting_item AS i
    USING record_known AS k
    WHERE i.meeting_id = p_meeting AND k.record_id = i.record_id AND NOT k.is_open;
END
$$;
GRANT EXECUTE ON FUNCTION start_meeting(uuid, jsonb, timestamptz) TO outcomes_app;

-- Mark the agenda tasks of the done items of a meeting as discussed, in all compartments, and return them: ids alone. A
-- record that changed on a later day than its minutes stays on the list. Lock what is known of the records first, in the
-- order of their ids, as their events do.
CREATE OR REPLACE FUNCTION discuss_items(p_meeting uuid, p_at timestamptz, p_by uuid, p_by_name text) RETURNS TABLE (
    task_id uuid, record_id uuid, version integer, compartment_id uuid
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_column
DECLARE
    done uuid [];
BEGIN
    SELECT array_agg(i.record_id) INTO done
    FROM meeting_item AS i
    INNER JOIN meeting AS m ON m.id = i.meeting_id
    WHERE i.meeting_id = p_meeting AND i.is_done AND is_administrator_of(m.register_code);
    PERFORM FROM record_known AS k WHERE k.record_id = ANY(done) ORDER BY k.record_id FOR UPDATE;
    RETURN QUERY
    UPDATE task AS t
    SET discussed_at = p_at, discussed_by = p_by, discussed_by_name = p_by_name
    FROM meeting_item AS i
    LEFT JOIN record_known AS k ON k.record_id = i.record_id
    WHERE i.meeting_id = p_meeting AND i.record_id = ANY(done) AND t.record_id = i.record_id
        AND t.kind = 'agenda' AND t.closed_at IS NULL AND t.discussed_at IS NULL
        AND (k.changed_at IS NULL OR london_day(k.changed_at) <= london_day(i.saved_at))
    RETURNING t.id, t.record_id, t.record_version, t.compartment_id;
END
$$;
GRANT EXECUTE ON FUNCTION discuss_items(uuid, timestamptz, uuid, text) TO outcomes_app;

CREATE OR REPLACE FUNCTION london_day(p_at timestamptz) RETURNS date
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT (p_at AT TIME ZONE 'Europe/London')::date
$$;

-- Move the items, addenda and interests of records to the compartments in which they now lie. Only functions of the
-- owner call it.
CREATE OR REPLACE FUNCTION move_items(p_records uuid [], p_compartments uuid []) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    UPDATE meeting_item AS i SET compartment_id = w.compartment_id
    FROM unnest(p_records, p_compartments) AS w (record_id, compartment_id)
    WHERE i.record_id = w.record_id AND i.compartment_id <> w.compartment_id;
    UPDATE meeting_addendum AS a SET compartment_id = w.compartment_id
    FROM unnest(p_records, p_compartments) AS w (record_id, compartment_id)
    WHERE a.record_id = w.record_id AND a.compartment_id <> w.compartment_id;
    UPDATE meeting_interest AS n SET compartment_id = w.compartment_id
    FROM unnest(p_records, p_compartments) AS w (record_id, compartment_id)
    WHERE n.record_id = w.record_id AND n.compartment_id <> w.compartment_id;
END
$$;

-- Store whether records are on the register, and of those with `p_new` that a version became known now. The caller has
-- locked them by `hold_standings`.
CREATE OR REPLACE FUNCTION note_open(p_records uuid [], p_open boolean [], p_new boolean [], p_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    UPDATE record_known AS k
    SET is_open = w.is_open, changed_at = CASE WHEN w.is_new THEN p_at ELSE k.changed_at END
    FROM unnest(p_records, p_open, p_new) AS w (record_id, is_open, is_new)
    WHERE k.record_id = w.record_id
        AND (k.is_open, k.changed_at) IS DISTINCT FROM (w.is_open, CASE WHEN w.is_new THEN p_at ELSE k.changed_at END)
$$;
GRANT EXECUTE ON FUNCTION note_open(uuid [], boolean [], boolean [], timestamptz) TO outcomes_background;

-- Store the days agreed for the next reviews of records, and forget those of records that have none or have left their
-- register. The caller has locked the records by `hold_standings`, and no later version is known.
CREATE OR REPLACE FUNCTION note_reviews(
    p_records uuid [], p_registers text [], p_compartments uuid [], p_references text [], p_localities text [],
    p_days date []
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM agreed_review AS v WHERE v.record_id = ANY(p_records);
    INSERT INTO agreed_review (record_id, register_code, compartment_id, reference, locality, review_on)
    SELECT w.*
    FROM unnest(p_records, p_registers, p_compartments, p_references, p_localities, p_days)
        AS w (record_id, register_code, compartment_id, reference, locality, review_on)
    WHERE w.review_on IS NOT NULL;
END
$$;
GRANT EXECUTE ON FUNCTION note_reviews(uuid [], text [], uuid [], text [], text [], date []) TO outcomes_background;

-- Reads one record in one round trip. The same call audits the reading.

-- Return an open record in scope and the records linked to it; no row if there is none. With `p_ended`, also one that
-- has ended.
CREATE OR REPLACE FUNCTION read_record(p_scope jsonb, p_record uuid, p_ended boolean) RETURNS TABLE (
    record_id uuid, reference text, edition text, answers jsonb, version integer, organisation_id uuid,
    created_by_id uuid, created_by text, created_at timestamptz, updated_at timestamptz, rated_at timestamptz,
    updates integer, notes integer, is_held boolean, holdings jsonb, same_person jsonb, state text, is_open boolean,
    ended_at timestamptz, ends_on date, awaiting boolean, decisions jsonb
)
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    scope record := open_scope(p_scope);
    held uuid [] := held_ids();
BEGIN
    SELECT r.id, r.reference, r.edition, r.answers, r.version, r.organisation_id, r.created_by, r.created_by_name,
        r.created_at, r.updated_at, r.rated_at, r.updates,
        (SELECT count(*) FROM note AS n WHERE n.record_id = p_record),
        p_record = ANY(held), r.state, r.is_open, r.ended_at, r.ends_on, r.awaiting, standing_decisions(r.id),
        (
            SELECT jsonb_agg(
                jsonb_build_object(
                    'holding_id', h.id, 'kind', h.kind, 'full_name', h.user_name, 'from_day', h.from_day,
                    'until_day', nullif(h.until_day, 'infinity')
                ) ORDER BY h.kind DESC, h.from_day, h.named_at
            )
            FROM record_holding AS h
            WHERE h.record_id = p_record AND h.ended_at IS NULL AND h.until_day >= (now() AT TIME ZONE 'Europe/London')::date
        )
    INTO record_id, reference, edition, answers, version, organisation_id, created_by_id, created_by, created_at,
        updated_at, rated_at, updates, notes, is_held, state, is_open, ended_at, ends_on, awaiting, decisions, holdings
    FROM record AS r
    WHERE r.id = p_record AND r.register_code = scope.register_code
        AND (scope.compartment_ids IS NULL OR r.compartment_id = ANY(scope.compartment_ids))
        AND (r.is_open OR p_ended) AND (NOT scope.own_records_only OR r.created_by = scope.user_id OR r.id = ANY(held));
    IF FOUND THEN
        INSERT INTO audit (actor, session, action, register, subjects)
        VALUES (scope.user_id, scope.session_id, 'record.read', scope.register_code, ARRAY[p_record]);
        same_person := same_person(scope.user_id, scope.session_id, scope.register_code, scope.compartment_ids,
            scope.own_records_only, p_record);
        RETURN NEXT;
    END IF;
END
$$;

-- Return one page of a record's history and one of its notes, the newest first; no row if the record is not in scope. With
-- `p_ended`, also of one that has ended. `updates_there` and `notes_there` count those of all pages. Only administrators are told why
-- the record was archived. Audited.
CREATE OR REPLACE FUNCTION read_past(
    p_scope jsonb, p_record uuid, p_ended boolean, p_skip_updates integer, p_skip_notes integer, p_most integer
) RETURNS TABLE (
    created_at timestamptz, created_by text, updates jsonb, updates_there integer, notes jsonb, notes_there integer
)
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    scope record := open_scope(p_scope);
BEGIN
    SELECT r.created_at, r.created_by_name INTO created_at, created_by
    FROM record AS r
    WHERE r.id = p_record AND r.register_code = scope.register_code
        AND (scope.compartment_ids IS NULL OR r.compartment_id = ANY(scope.compartment_ids))
        AND (r.is_open OR p_ended)
        AND (NOT scope.own_records_only OR r.created_by = scope.user_id OR r.id = ANY(held_ids()));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT coalesce(jsonb_agg(to_jsonb(u) - 'there' ORDER BY u.version DESC), '[]'), coalesce(max(u.there), 0)
    INTO updates, updates_there
    FROM (
        SELECT
            v.version, v.act, v.changed_at, v.rated_at, v.changed_by_name AS changed_by, v.changes,
            CASE WHEN scope.role = 'administrator' THEN v.leaving END AS leaving, count(*) OVER () AS there
        FROM record_version AS v
        WHERE v.record_id = p_record AND v.version > 0
        ORDER BY v.version DESC
        OFFSET p_skip_updates LIMIT p_most
    ) AS u;
    SELECT
        coalesce(jsonb_agg(to_jsonb(n) - 'there' ORDER BY n.written_at DESC, n.note_id DESC), '[]'),
        coalesce(max(n.there), 0)
    INTO notes, notes_there
    FROM (
        SELECT n.id AS note_id, n.text, n.written_by_name AS written_by, n.written_at, count(*) OVER () AS there
        FROM note AS n
        WHERE n.record_id = p_record
        ORDER BY n.written_at DESC, n.id DESC
        OFFSET p_skip_notes LIMIT p_most
    ) AS n;
    INSERT INTO audit (actor, session, action, register, subjects)
    VALUES (scope.user_id, scope.session_id, 'record.history_read', scope.register_code, ARRAY[p_record]);
    INSERT INTO audit (actor, session, action, register, subjects)
    VALUES (scope.user_id, scope.session_id, 'record.notes_read', scope.register_code, ARRAY[p_record]);
    RETURN NEXT;
END
$$;

-- Return the other active records of the record's person that the user may see, as a list. Audited.
CREATE OR REPLACE FUNCTION same_person(
    p_user uuid, p_session uuid, p_register text, p_compartments uuid [], p_own boolean, p_record uuid
) RETURNS jsonb
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    person uuid := (SELECT l.person_id FROM person_link AS l WHERE l.record_id = p_record);
    others jsonb;
    shown uuid [];
BEGIN
    IF person IS NULL THEN
        RETURN '[]'::jsonb;
    END IF;
    SELECT
        jsonb_agg(jsonb_build_object(
            'record_id', r.id, 'reference', r.reference, 'organisation_id', r.organisation_id, 'rating', r.rating
        ) ORDER BY r.created_at, r.id),
        array_agg(r.id)
    INTO others, shown
    FROM person_link AS l
    JOIN record AS r
        ON r.id = l.record_id AND r.register_code = p_register AND r.is_open
            AND (p_compartments IS NULL OR r.compartment_id = ANY(p_compartments))
            AND (NOT p_own OR r.created_by = p_user OR r.id = ANY(held_ids()))
    WHERE l.person_id = person AND l.record_id <> p_record;
    IF shown IS NOT NULL THEN
        INSERT INTO audit (actor, session, action, register, subjects)
        VALUES (p_user, p_session, 'record.same_person_read', p_register, shown);
    END IF;
    RETURN coalesce(others, '[]'::jsonb);
END
$$;

-- Return what bodies have decided about the end of a record, as a list.
CREATE OR REPLACE FUNCTION standing_decisions(p_record uuid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'body', d.body, 'reason', d.reason, 'person_told', d.person_told, 'decided_at', d.decided_at,
        'decided_by', d.decided_by_name
    ) ORDER BY d.decided_at), '[]')
    FROM ending_decision AS d
    WHERE d.record_id = p_record AND d.withdrawn_at IS NULL
$$;

GRANT EXECUTE ON FUNCTION
standing_decisions(uuid), read_past(jsonb, uuid, boolean, integer, integer, integer),
read_record(jsonb, uuid, boolean), same_person(uuid, uuid, text, uuid [], boolean, uuid)
TO referrals_app;

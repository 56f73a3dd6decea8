-- Tasks: opened and closed by the rating of their record, listed, and escalated when no one has seen them.

-- Lock records until the transaction ends, in the order of their ids, and store these versions and compartments as
-- known. Move what is stored about a record to its compartment, unless a later version is known. Return the version
-- known before (-1: none) and the open task of each: ids, codes and times, of any register and compartment.
CREATE OR REPLACE FUNCTION hold_standings(p_records uuid [], p_versions integer [], p_compartments uuid []) RETURNS TABLE (
    record_id uuid, known integer, task_id uuid, kind text, register_code text, opened_at timestamptz
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    before record_known [];
BEGIN
    INSERT INTO record_known (record_id, version)
    SELECT w.record_id, -1 FROM unnest(p_records) AS w (record_id) ORDER BY w.record_id
    ON CONFLICT DO NOTHING;
    before := ARRAY(
        SELECT k FROM record_known AS k WHERE k.record_id = ANY(p_records) ORDER BY k.record_id FOR UPDATE
    );
    UPDATE record_known AS k
    SET version = w.version, compartment_id = w.compartment_id
    FROM unnest(p_records, p_versions, p_compartments) AS w (record_id, version, compartment_id)
    WHERE k.record_id = w.record_id AND k.version < w.version;
    PERFORM move_records(array_agg(w.record_id), array_agg(w.compartment_id))
    FROM unnest(p_records, p_versions, p_compartments) AS w (record_id, version, compartment_id)
    INNER JOIN unnest(before) AS b ON b.record_id = w.record_id
    WHERE b.version <= w.version;
    RETURN QUERY
    SELECT b.record_id, b.version, t.id, t.kind, t.register_code, t.opened_at
    FROM unnest(before) AS b
    LEFT JOIN task AS t ON t.record_id = b.record_id AND t.closed_at IS NULL;
END
$$;
GRANT EXECUTE ON FUNCTION hold_standings(uuid [], integer [], uuid []) TO outcomes_background;

-- Return the known version and open task of many records at once. Nothing is locked or stored.
CREATE OR REPLACE FUNCTION find_standings(p_records uuid []) RETURNS TABLE (
    record_id uuid, known integer, task_id uuid, kind text, register_code text, opened_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT k.record_id, k.version, t.id, t.kind, t.register_code, t.opened_at
    FROM record_known AS k
    LEFT JOIN task AS t ON t.record_id = k.record_id AND t.closed_at IS NULL
    WHERE k.record_id = ANY(p_records)
$$;
GRANT EXECUTE ON FUNCTION find_standings(uuid []) TO outcomes_background;

-- Add a task. It counts as open from the moment of the rating.
CREATE OR REPLACE FUNCTION open_task(p_task jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    INSERT INTO task (
        id, kind, register_code, compartment_id, record_id, record_version, reference, locality, opened_at, is_told
    )
    SELECT
        t.task_id, t.kind, t.register_code, t.compartment_id, t.record_id, t.record_version, t.reference, t.locality,
        t.opened_at, t.is_told
    FROM jsonb_to_record(p_task) AS t (
        task_id uuid, kind text, register_code text, compartment_id uuid, record_id uuid, record_version integer,
        reference text, locality text, opened_at timestamptz, is_told boolean
    )
    WHERE check_keys(p_task, ARRAY[
        'task_id', 'kind', 'register_code', 'compartment_id', 'record_id', 'record_version', 'reference', 'locality',
        'opened_at', 'is_told'
    ])
$$;
GRANT EXECUTE ON FUNCTION open_task(jsonb) TO outcomes_background;

-- Update a task that stays open to a later version of its record, and put it back on the agenda.
CREATE OR REPLACE FUNCTION keep_task(p_task uuid, p_version integer, p_locality text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    UPDATE task
    SET record_version = p_version, locality = p_locality, discussed_at = NULL, discussed_by = NULL,
        discussed_by_name = NULL
    WHERE id = p_task
$$;
GRANT EXECUTE ON FUNCTION keep_task(uuid, integer, text) TO outcomes_background;

-- Move everything that is stored about records to the compartments in which they now lie. Only functions of the owner
-- call it.
CREATE OR REPLACE FUNCTION move_records(p_records uuid [], p_compartments uuid []) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    UPDATE task AS t SET compartment_id = w.compartment_id
    FROM unnest(p_records, p_compartments) AS w (record_id, compartment_id)
    WHERE t.record_id = w.record_id AND t.compartment_id <> w.compartment_id;
    UPDATE outcome AS o SET compartment_id = w.compartment_id
    FROM unnest(p_records, p_compartments) AS w (record_id, compartment_id)
    WHERE o.record_id = w.record_id AND o.compartment_id <> w.compartment_id;
    PERFORM move_items(p_records, p_compartments);
    UPDATE action AS a SET compartment_id = w.compartment_id
    FROM unnest(p_records, p_compartments) AS w (record_id, compartment_id)
    WHERE a.record_id = w.record_id AND a.compartment_id <> w.compartment_id;
    UPDATE plan_told AS p SET compartment_id = w.compartment_id
    FROM unnest(p_records, p_compartments) AS w (record_id, compartment_id)
    WHERE p.record_id = w.record_id AND p.compartment_id <> w.compartment_id;
END
$$;

-- Move the outcomes of a record to its known compartment, if a later version than this one is known. Wait for a
-- transaction that has locked what is known of the record.
CREATE OR REPLACE FUNCTION follow_record(p_record uuid, p_version integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    known record_known;
BEGIN
    INSERT INTO record_known (record_id, version) VALUES (p_record, -1) ON CONFLICT DO NOTHING;
    SELECT * INTO known FROM record_known AS k WHERE k.record_id = p_record FOR UPDATE;
    IF known.version > p_version THEN
        PERFORM move_records(ARRAY[p_record], ARRAY[known.compartment_id]);
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION follow_record(uuid, integer) TO outcomes_app;

CREATE OR REPLACE FUNCTION close_task(p_task uuid, p_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    UPDATE task SET closed_at = p_at WHERE id = p_task AND closed_at IS NULL
$$;
GRANT EXECUTE ON FUNCTION close_task(uuid, timestamptz) TO outcomes_background;

-- Return the records with an open task after one id and up to another, to be compared with those of referrals.
CREATE OR REPLACE FUNCTION records_with_tasks(p_after uuid, p_last uuid) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT t.record_id FROM task AS t WHERE t.closed_at IS NULL AND t.record_id > p_after AND t.record_id <= p_last
$$;
GRANT EXECUTE ON FUNCTION records_with_tasks(uuid, uuid) TO outcomes_background;

-- Return the ids of a page of urgent tasks: the unseen ones first, then the oldest. Without compartments (null) walk
-- the register's index; else take as many of each compartment as the page may hold, so that the cost does not grow with
-- the register. Only ids are returned: their rows are read under row-level security. Sorting is off, so that no plan
-- reads a whole register first.
CREATE OR REPLACE FUNCTION urgent_task_ids(p_register text, p_compartments uuid [], p_skip integer, p_take integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT SET enable_sort = off AS $$
BEGIN
    IF p_compartments IS NULL THEN
        RETURN QUERY
        SELECT t.id
        FROM task AS t
        WHERE t.register_code = p_register AND t.kind = 'urgent' AND t.closed_at IS NULL
        ORDER BY t.register_code, (t.seen_at IS NOT NULL), t.opened_at, t.id
        OFFSET p_skip
        LIMIT p_take;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT f.id
    FROM unnest(p_compartments) AS c (compartment_id)
    CROSS JOIN LATERAL (
        SELECT t.id, t.opened_at, (t.seen_at IS NOT NULL) AS seen
        FROM task AS t
        WHERE t.register_code = p_register AND t.compartment_id = c.compartment_id AND t.kind = 'urgent'
            AND t.closed_at IS NULL
        ORDER BY (t.seen_at IS NOT NULL), t.opened_at, t.id
        LIMIT p_skip + p_take
    ) AS f
    ORDER BY f.seen, f.opened_at, f.id
    OFFSET p_skip
    LIMIT p_take;
END
$$;
GRANT EXECUTE ON FUNCTION urgent_task_ids(text, uuid [], integer, integer) TO outcomes_app;

-- Return the ids of a page of the agenda, by locality and then the oldest first, in the same two ways. Tasks that were
-- discussed are left out.
CREATE OR REPLACE FUNCTION agenda_task_ids(p_register text, p_compartments uuid [], p_skip integer, p_take integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT SET enable_sort = off AS $$
BEGIN
    IF p_compartments IS NULL THEN
        RETURN QUERY
        SELECT t.id
        FROM task AS t
        WHERE t.register_code = p_register AND t.kind = 'agenda' AND t.closed_at IS NULL AND t.discussed_at IS NULL
        ORDER BY t.register_code, t.locality, t.opened_at, t.id
        OFFSET p_skip
        LIMIT p_take;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT f.id
    FROM unnest(p_compartments) AS c (compartment_id)
    CROSS JOIN LATERAL (
        SELECT t.id, t.opened_at, t.locality
        FROM task AS t
        WHERE t.register_code = p_register AND t.compartment_id = c.compartment_id AND t.kind = 'agenda'
            AND t.closed_at IS NULL AND t.discussed_at IS NULL
        ORDER BY t.locality, t.opened_at, t.id
        LIMIT p_skip + p_take
    ) AS f
    ORDER BY f.locality, f.opened_at, f.id
    OFFSET p_skip
    LIMIT p_take;
END
$$;
GRANT EXECUTE ON FUNCTION agenda_task_ids(text, uuid [], integer, integer) TO outcomes_app;

-- Count the open urgent tasks of a register, and those that no one has seen: in some compartments, or in all (null).
-- Return no row unless the visitor of this transaction is an administrator of the register who reaches all of these.
CREATE OR REPLACE FUNCTION count_urgent(p_register text, p_compartments uuid []) RETURNS TABLE (urgent bigint, unseen bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    reached CONSTANT uuid [] := nullif(current_setting('app.compartments', true), '')::uuid [];
    has_all CONSTANT boolean := coalesce(current_setting('app.all', true), '') = '1';
BEGIN
    IF current_setting('app.role', true) IS DISTINCT FROM 'administrator'
        OR current_setting('app.register', true) IS DISTINCT FROM p_register
        OR NOT has_all AND (
            p_compartments IS NULL OR EXISTS (SELECT unnest(p_compartments) EXCEPT SELECT unnest(reached))
        )
    THEN
        RETURN;
    END IF;
    IF p_compartments IS NULL THEN
        RETURN QUERY
        SELECT count(*), count(*) FILTER (WHERE t.seen_at IS NULL)
        FROM task AS t
        WHERE t.register_code = p_register AND t.kind = 'urgent' AND t.closed_at IS NULL;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT count(*), count(*) FILTER (WHERE t.seen_at IS NULL)
    FROM unnest(p_compartments) AS c (compartment_id)
    INNER JOIN task AS t ON t.compartment_id = c.compartment_id
    WHERE t.register_code = p_register AND t.kind = 'urgent' AND t.closed_at IS NULL;
END
$$;
GRANT EXECUTE ON FUNCTION count_urgent(text, uuid []) TO outcomes_app;

-- Take the urgent tasks that were opened by a register's moment and that no one has seen, each once. Those of a rating of
-- which nobody was told stay as they are. The caller publishes them in the same transaction.
CREATE OR REPLACE FUNCTION take_not_seen(p_registers text [], p_since timestamptz [], p_at timestamptz, p_most integer) RETURNS TABLE (
    task_id uuid, register_code text, compartment_id uuid, record_id uuid, record_version integer, reference text
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    UPDATE task AS t
    SET told_again_at = p_at
    WHERE t.id IN (
        SELECT u.id
        FROM unnest(p_registers, p_since) AS due (register_code, since)
        INNER JOIN task AS u ON u.register_code = due.register_code AND u.opened_at <= due.since
        WHERE u.closed_at IS NULL AND u.kind = 'urgent' AND u.seen_at IS NULL AND u.told_again_at IS NULL AND u.is_told
        ORDER BY u.opened_at
        LIMIT p_most
        FOR UPDATE OF u SKIP LOCKED
    )
    RETURNING t.id, t.register_code, t.compartment_id, t.record_id, t.record_version, t.reference;
END
$$;
GRANT EXECUTE ON FUNCTION take_not_seen(text [], timestamptz [], timestamptz, integer) TO outcomes_background;

-- What waits for somebody: an urgent record, or one that is to be spoken of at its area's next meeting. A task opens and
-- closes by the rating of its record, and there is one open for a record at most.

-- `record_version` is the version of the record that the task is known to hold for. `opened_at` is when the rating was
-- given. `told_again_at`: nobody had seen it in time, and the second recipient was told.
CREATE TABLE task (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('urgent', 'agenda')),
    register_code text COLLATE "C" NOT NULL,
    organisation_id uuid NOT NULL,
    record_id uuid NOT NULL,
    record_version integer NOT NULL,
    reference text COLLATE "C" NOT NULL,
    locality text COLLATE "C",
    opened_at timestamptz NOT NULL,
    seen_by uuid,
    seen_by_name text,
    seen_at timestamptz,
    told_again_at timestamptz,
    closed_at timestamptz,
    CONSTRAINT task_seen_by_somebody CHECK (num_nulls(seen_by, seen_by_name, seen_at) IN (0, 3))
);
CREATE UNIQUE INDEX task_open_once ON task (record_id) WHERE closed_at IS NULL;
CREATE INDEX task_urgent ON task (register_code, opened_at, id) WHERE closed_at IS NULL AND kind = 'urgent';
CREATE INDEX task_agenda ON task (register_code, locality, opened_at, id) WHERE closed_at IS NULL AND kind = 'agenda';
CREATE INDEX task_not_seen ON task (opened_at)
WHERE closed_at IS NULL AND kind = 'urgent' AND seen_at IS NULL AND told_again_at IS NULL;

-- The newest version of each record that its task was brought into line with, whether it has one or not: news of an
-- older one comes too late. The service reaches it through the functions below alone.
CREATE TABLE record_known (
    record_id uuid PRIMARY KEY,
    version integer NOT NULL
);

-- Hold a record until the transaction ends, and note that this version of it is known. What was known before (-1:
-- nothing), and the open task: ids, codes and times, of any register and organisation.
CREATE FUNCTION hold_standing(p_record uuid, p_version integer) RETURNS TABLE (
    known integer, task_id uuid, kind text, register_code text, opened_at timestamptz
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_column
DECLARE
    before integer;
BEGIN
    INSERT INTO record_known (record_id, version) VALUES (p_record, -1) ON CONFLICT DO NOTHING;
    SELECT k.version INTO before FROM record_known AS k WHERE k.record_id = p_record FOR UPDATE;
    IF before < p_version THEN
        UPDATE record_known SET version = p_version WHERE record_id = p_record;
    END IF;
    RETURN QUERY
    SELECT before, t.id, t.kind, t.register_code, t.opened_at
    FROM (VALUES (p_record)) AS wanted (id)
    LEFT JOIN task AS t ON t.record_id = wanted.id AND t.closed_at IS NULL;
END
$$;

-- The same of many records at once, and nothing is held or noted.
CREATE FUNCTION find_standings(p_records uuid []) RETURNS TABLE (
    record_id uuid, known integer, task_id uuid, kind text, register_code text, opened_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT k.record_id, k.version, t.id, t.kind, t.register_code, t.opened_at
    FROM record_known AS k
    LEFT JOIN task AS t ON t.record_id = k.record_id AND t.closed_at IS NULL
    WHERE k.record_id = ANY(p_records)
$$;

CREATE FUNCTION open_task(
    p_task uuid, p_kind text, p_register text, p_organisation uuid, p_record uuid, p_version integer, p_reference text,
    p_locality text, p_at timestamptz
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    INSERT INTO task (
        id, kind, register_code, organisation_id, record_id, record_version, reference, locality, opened_at
    ) VALUES (p_task, p_kind, p_register, p_organisation, p_record, p_version, p_reference, p_locality, p_at)
$$;

-- The task stays; its record has gone on.
CREATE FUNCTION keep_task(p_task uuid, p_version integer, p_organisation uuid, p_locality text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    UPDATE task
    SET record_version = p_version, organisation_id = p_organisation, locality = p_locality
    WHERE id = p_task
$$;

CREATE FUNCTION close_task(p_task uuid, p_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    UPDATE task SET closed_at = p_at WHERE id = p_task AND closed_at IS NULL
$$;

-- Records with an open task behind one id and up to another, to be compared with what referrals has there.
CREATE FUNCTION records_with_tasks(p_after uuid, p_last uuid) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT t.record_id FROM task AS t WHERE t.closed_at IS NULL AND t.record_id > p_after AND t.record_id <= p_last
$$;

-- A page of the agenda, by localities, under row-level security. The order is the index's: without sorting, no plan can
-- read all there is first, however few rows are guessed to be in scope.
CREATE FUNCTION list_agenda(p_register text, p_orgs uuid [], p_skip integer, p_take integer) RETURNS TABLE (
    task_id uuid, record_id uuid, organisation_id uuid, reference text, locality text, opened_at timestamptz
)
LANGUAGE plpgsql STABLE SET enable_sort = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT t.id, t.record_id, t.organisation_id, t.reference, t.locality, t.opened_at
    FROM task AS t
    WHERE t.register_code = p_register AND t.organisation_id = ANY(p_orgs) AND t.kind = 'agenda' AND t.closed_at IS NULL
    ORDER BY t.register_code, t.locality, t.opened_at, t.id
    OFFSET p_skip
    LIMIT p_take;
END
$$;

-- Take the urgent tasks that nobody has seen since a register's moment, each once: whoever takes it tells of it in the
-- same transaction.
CREATE FUNCTION take_not_seen(p_registers text [], p_since timestamptz [], p_at timestamptz, p_most integer) RETURNS TABLE (
    task_id uuid, register_code text, organisation_id uuid, record_id uuid, record_version integer, reference text
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
        WHERE u.closed_at IS NULL AND u.kind = 'urgent' AND u.seen_at IS NULL AND u.told_again_at IS NULL
        ORDER BY u.opened_at
        LIMIT p_most
        FOR UPDATE OF u SKIP LOCKED
    )
    RETURNING t.id, t.register_code, t.organisation_id, t.record_id, t.record_version, t.reference;
END
$$;

DO $$
DECLARE
    app text := current_schema() || '_app';
    owner text := current_schema() || '_owner';
    in_register text := 'register_code = (SELECT current_setting(''app.register'', true))';
    in_orgs text := 'organisation_id = ANY ((SELECT nullif(current_setting(''app.orgs'', true), '''')::uuid [])::uuid [])';
    in_role text := '(SELECT current_setting(''app.role'', true)) = ''administrator''';
    scope text := in_register || ' AND ' || in_orgs;
    functions text := 'hold_standing, find_standings, open_task, keep_task, close_task, records_with_tasks, list_agenda, '
        'take_not_seen';
BEGIN
    ALTER TABLE task ENABLE ROW LEVEL SECURITY;
    ALTER TABLE task FORCE ROW LEVEL SECURITY;
    EXECUTE format('CREATE POLICY owner ON task TO %I USING (true) WITH CHECK (true)', owner);
    EXECUTE format('CREATE POLICY scope ON task TO %1$I USING (%2$s) WITH CHECK (%2$s)', app, scope);
    EXECUTE format('CREATE POLICY roles ON task AS RESTRICTIVE TO %1$I USING (%2$s) WITH CHECK (%2$s)', app, in_role);
    EXECUTE format('GRANT SELECT, UPDATE (seen_by, seen_by_name, seen_at) ON task TO %I', app);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', functions);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', functions, app);
END
$$;

-- Who holds a record now, and who covers it from one day to another: named by administrators. Until somebody is named,
-- its creator holds it. Holder and cover have the creator's rights, and the creator keeps theirs.

-- A holder has no last day. What has ended stays, as history; nothing is deleted.
CREATE TABLE record_holding (
    id uuid PRIMARY KEY,
    record_id uuid NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('holder', 'cover')),
    user_id uuid NOT NULL,
    user_name text NOT NULL,
    from_day date NOT NULL,
    until_day date NOT NULL DEFAULT 'infinity',
    named_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    named_by uuid NOT NULL,
    named_by_name text NOT NULL,
    ended_at timestamptz,
    ended_by uuid,
    ended_by_name text,
    CONSTRAINT record_holding_days CHECK (until_day >= from_day AND (kind = 'holder') = (until_day = 'infinity'))
);
CREATE UNIQUE INDEX record_holding_holder ON record_holding (record_id) WHERE kind = 'holder' AND ended_at IS NULL;
CREATE INDEX record_holding_of_record ON record_holding (record_id, named_at);
CREATE INDEX record_holding_of_user ON record_holding (user_id, until_day) INCLUDE (record_id, from_day)
WHERE ended_at IS NULL;

CREATE FUNCTION london_day() RETURNS date
LANGUAGE sql STABLE AS $$ SELECT (now() AT TIME ZONE 'Europe/London')::date $$;

-- The records that the user of the context holds or covers today. SECURITY DEFINER, or the policies of the two tables
-- would ask each other.
CREATE FUNCTION held_ids() RETURNS uuid []
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT coalesce(array_agg(DISTINCT h.record_id), '{}')
    FROM record_holding AS h
    WHERE h.user_id = nullif(current_setting('app.user', true), '')::uuid AND h.ended_at IS NULL
        AND h.until_day >= london_day() AND h.from_day <= london_day()
$$;

-- How many of these are active, in scope, and not of the user's own making: those are counted by `count_active`.
CREATE FUNCTION count_held(p_register text, p_orgs uuid [], p_user uuid, p_held uuid []) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT count(*)
    FROM record AS r
    WHERE r.id = ANY(p_held) AND r.register_code = p_register AND r.organisation_id = ANY(p_orgs) AND r.status = 0
        AND r.created_by <> p_user
$$;

-- As `ids_after` and `ids_before`, for somebody who holds or covers others' records: what they created is walked by its
-- index, the others are few.
CREATE FUNCTION own_ids_after(
    p_register text, p_user uuid, p_held uuid [], p_at timestamptz, p_id uuid, p_skip integer, p_take integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE AS $$
DECLARE
    place_at timestamptz := coalesce(p_at, 'infinity');
    place_id uuid := coalesce(p_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
BEGIN
    RETURN ARRAY(
        SELECT theirs.id
        FROM (
            (
                SELECT r.id, r.updated_at
                FROM record AS r
                WHERE r.register_code = p_register AND r.created_by = p_user AND r.status = 0
                    AND (r.updated_at, r.id) < (place_at, place_id)
                ORDER BY r.updated_at DESC, r.id DESC
                LIMIT p_skip + p_take
            )
            UNION ALL
            SELECT r.id, r.updated_at
            FROM record AS r
            WHERE r.id = ANY(p_held) AND r.register_code = p_register AND r.created_by <> p_user AND r.status = 0
                AND (r.updated_at, r.id) < (place_at, place_id)
        ) AS theirs
        ORDER BY theirs.updated_at DESC, theirs.id DESC
        OFFSET p_skip LIMIT p_take
    );
END
$$;

CREATE FUNCTION own_ids_before(
    p_register text, p_user uuid, p_held uuid [], p_at timestamptz, p_id uuid, p_take integer
) RETURNS uuid []
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(
        SELECT theirs.id
        FROM (
            (
                SELECT r.id, r.updated_at
                FROM record AS r
                WHERE r.register_code = p_register AND r.created_by = p_user AND r.status = 0
                    AND (r.updated_at, r.id) > (p_at, p_id)
                ORDER BY r.updated_at, r.id
                LIMIT p_take
            )
            UNION ALL
            SELECT r.id, r.updated_at
            FROM record AS r
            WHERE r.id = ANY(p_held) AND r.register_code = p_register AND r.created_by <> p_user AND r.status = 0
                AND (r.updated_at, r.id) > (p_at, p_id)
        ) AS theirs
        ORDER BY theirs.updated_at, theirs.id
        LIMIT p_take
    );
END
$$;

-- squawk-ignore ban-drop-function
DROP FUNCTION read_record(uuid, uuid, text, text, uuid [], boolean, uuid);
CREATE FUNCTION read_record(
    p_user uuid, p_session uuid, p_register text, p_role text, p_orgs uuid [], p_own boolean, p_record uuid
) RETURNS TABLE (
    record_id uuid, reference text, edition text, answers jsonb, version integer, organisation_id uuid,
    created_by_id uuid, created_by text, created_at timestamptz, updated_at timestamptz, rated_at timestamptz,
    updates integer, notes integer, is_held boolean, holdings jsonb
)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    held uuid [] := '{}';
BEGIN
    PERFORM set_scope(p_user, p_register, p_role, p_orgs, p_own);
    IF p_own THEN
        held := held_ids();
    END IF;
    RETURN QUERY
    SELECT r.id, r.reference, r.edition, r.answers, r.version, r.organisation_id, r.created_by, r.created_by_name,
        r.created_at, r.updated_at, r.rated_at, r.updates,
        (SELECT count(*)::integer FROM note AS n WHERE n.record_id = p_record),
        p_record = ANY(held),
        (
            SELECT jsonb_agg(
                jsonb_build_object(
                    'holding_id', h.id, 'kind', h.kind, 'full_name', h.user_name, 'from_day', h.from_day,
                    'until_day', nullif(h.until_day, 'infinity')
                ) ORDER BY h.kind DESC, h.from_day, h.named_at
            )
            FROM record_holding AS h
            WHERE h.record_id = p_record AND h.ended_at IS NULL AND h.until_day >= london_day()
        )
    FROM record AS r
    WHERE r.id = p_record AND r.register_code = p_register AND r.organisation_id = ANY(p_orgs) AND r.status = 0
        AND (NOT p_own OR r.created_by = p_user OR r.id = ANY(held));
    IF FOUND THEN
        INSERT INTO audit (actor, session, action, register, subjects)
        VALUES (p_user, p_session, 'record.read', p_register, ARRAY[p_record]);
    END IF;
END
$$;

-- squawk-ignore ban-drop-function
DROP FUNCTION find_for_update(uuid, uuid, text, text, uuid [], boolean, uuid, uuid);
CREATE FUNCTION find_for_update(
    p_user uuid, p_session uuid, p_register text, p_role text, p_orgs uuid [], p_own boolean,
    p_command uuid, p_record uuid
) RETURNS TABLE (
    earlier_actor uuid, earlier_hash bytea, earlier_answer jsonb,
    record_id uuid, reference text, edition text, status smallint, version integer, organisation_id uuid,
    created_by uuid, answers jsonb, is_held boolean
)
LANGUAGE plpgsql AS $$
DECLARE
    held uuid [] := '{}';
BEGIN
    PERFORM set_scope(p_user, p_register, p_role, p_orgs, p_own);
    IF p_own THEN
        held := held_ids();
    END IF;
    RETURN QUERY
    SELECT c.actor, c.body_hash, c.answer,
        r.id, r.reference, r.edition, r.status, r.version, r.organisation_id, r.created_by, r.answers,
        p_record = ANY(held)
    FROM (VALUES (p_record)) AS wanted (id)
    LEFT JOIN command AS c ON c.id = p_command
    LEFT JOIN record AS r
        ON r.id = wanted.id AND r.register_code = p_register AND r.organisation_id = ANY(p_orgs)
            AND (NOT p_own OR r.created_by = p_user OR r.id = ANY(held));
END
$$;

-- Holdings follow the record in who sees them; administrators alone write them. They keep their words and days: a
-- holding can only be ended.
DO $$
DECLARE
    app text := current_schema() || '_app';
    owner text := current_schema() || '_owner';
    in_register text := 'register_code = (SELECT current_setting(''app.register'', true))';
    in_orgs text := 'organisation_id = ANY ((SELECT nullif(current_setting(''app.orgs'', true), '''')::uuid [])::uuid [])';
    own text := '((SELECT current_setting(''app.own'', true)) IS DISTINCT FROM ''1'' OR '
        'created_by = (SELECT nullif(current_setting(''app.user'', true), '''')::uuid) OR '
        '%I = ANY ((SELECT held_ids())::uuid []))';
    readers text := '(SELECT current_setting(''app.role'', true) IN (''standard'', ''reporting'', ''administrator''))';
    administrators text := '(SELECT current_setting(''app.role'', true) = ''administrator'')';
    through_record text := 'EXISTS (SELECT FROM record AS r WHERE r.id = record_id)';
BEGIN
    EXECUTE format('ALTER POLICY scope ON record USING (%1$s) WITH CHECK (%1$s)',
        in_register || ' AND ' || in_orgs || ' AND ' || format(own, 'id'));
    EXECUTE format('ALTER POLICY scope ON record_word USING (%1$s) WITH CHECK (%1$s)',
        in_register || ' AND ' || in_orgs || ' AND ' || format(own, 'record_id'));

    ALTER TABLE record_holding ENABLE ROW LEVEL SECURITY;
    ALTER TABLE record_holding FORCE ROW LEVEL SECURITY;
    EXECUTE format('CREATE POLICY owner ON record_holding TO %I USING (true) WITH CHECK (true)', owner);
    EXECUTE format('CREATE POLICY scope ON record_holding TO %1$I USING (%2$s) WITH CHECK (%2$s)', app, through_record);
    EXECUTE format('CREATE POLICY roles ON record_holding AS RESTRICTIVE TO %I USING (%s) WITH CHECK (%s)', app,
        readers, administrators);
    EXECUTE format('GRANT SELECT, INSERT ON record_holding TO %I', app);
    EXECUTE format('GRANT UPDATE (ended_at, ended_by, ended_by_name) ON record_holding TO %I', app);

    EXECUTE 'REVOKE ALL ON FUNCTION london_day, held_ids, count_held, own_ids_after, own_ids_before, read_record, '
        'find_for_update FROM PUBLIC';
    EXECUTE format('GRANT EXECUTE ON FUNCTION london_day, held_ids, count_held, own_ids_after, own_ids_before, '
        'read_record, find_for_update TO %I', app);
END
$$;

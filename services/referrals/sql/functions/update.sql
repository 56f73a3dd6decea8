-- Changes a record: reads it before the change, and saves a new version in one round trip, as `submit_record` does.

-- Return what is needed to decide about a change: the record, and whether the command was carried out before. One
-- statement reads both. So if a command is sent twice at once, neither attempt finds its own change.
CREATE OR REPLACE FUNCTION find_for_update(
    p_scope jsonb, p_command uuid, p_record uuid,
    OUT is_repeated boolean, OUT record_id uuid, OUT reference text, OUT edition text, OUT is_open boolean,
    OUT version integer, OUT organisation_id uuid, OUT bodies text [], OUT created_by uuid, OUT answers jsonb,
    OUT is_held boolean
)
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    scope record := open_scope(p_scope);
    held uuid [] := CASE WHEN scope.own_records_only THEN held_ids() ELSE '{}' END;
BEGIN
    SELECT EXISTS (SELECT FROM command AS c WHERE c.id = p_command), p_record = ANY(held),
        r.id, r.reference, r.edition, r.is_open, r.version, r.organisation_id,
        (SELECT c.bodies FROM compartment AS c WHERE c.compartment_id = r.compartment_id), r.created_by, r.answers
    INTO is_repeated, is_held, record_id, reference, edition, is_open, version, organisation_id, bodies, created_by, answers
    FROM (VALUES (p_record)) AS wanted (id)
    LEFT JOIN record AS r
        ON r.id = wanted.id AND r.register_code = scope.register_code AND (scope.compartment_ids IS NULL OR r.compartment_id = ANY(scope.compartment_ids))
        AND (NOT scope.own_records_only OR r.created_by = scope.user_id OR r.id = ANY(held));
END
$$;

-- Save a new version. `verdict` is done, repeated, conflict, archived or not_found; only done changes anything.
-- `version_there` is the record's version afterwards. `rerated`: the rating is new. `rekeyed`: the match keys change.
CREATE OR REPLACE FUNCTION update_record(
    p_scope jsonb, p_command jsonb, p_update jsonb, p_content jsonb, p_events jsonb,
    OUT verdict text, OUT version_there integer
)
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    taken uuid := take_command(p_command);
    scope record;
    wanted record;
    content record;
    changed record;
BEGIN
    verdict := 'repeated';
    IF taken IS NULL THEN
        RETURN;
    END IF;
    scope := open_scope(p_scope);
    content := read_content(p_content);
    SELECT u.* INTO wanted
    FROM jsonb_to_record(p_update) AS u (
        record_id uuid, version integer, compartment_id uuid, rerated boolean, changes jsonb, rekeyed boolean
    )
    WHERE check_keys(p_update, ARRAY['record_id', 'version', 'compartment_id', 'rerated', 'changes', 'rekeyed']);
    UPDATE record AS r
    SET version = r.version + 1, updates = r.updates + 1, updated_at = now(), compartment_id = wanted.compartment_id,
        rating = content.rating, rated_at = CASE WHEN wanted.rerated THEN now() ELSE r.rated_at END,
        locality = content.locality, given_name = content.given_name, family_name = content.family_name,
        born = content.born, nhs_number = content.nhs_number, postcode = content.postcode, search = content.search,
        answers = content.answers
    WHERE r.id = wanted.record_id AND r.version = wanted.version AND r.is_open
    RETURNING r.version, r.edition, r.overlay INTO changed;
    IF NOT FOUND THEN
        DELETE FROM command WHERE id = taken;
        SELECT w.verdict, w.version_there INTO verdict, version_there FROM why_unchanged(wanted.record_id) AS w;
        RETURN;
    END IF;
    INSERT INTO record_version (
        record_id, version, act, changed_at, changed_by, changed_by_name, edition, overlay, changes, answers
    ) VALUES (
        wanted.record_id, changed.version, 'updated', now(), scope.user_id, scope.full_name, changed.edition,
        changed.overlay, wanted.changes, content.answers
    );
    INSERT INTO audit (actor, session, action, register, subjects, fields)
    VALUES (scope.user_id, scope.session_id, 'record.updated', scope.register_code, ARRAY[wanted.record_id],
        ARRAY(SELECT c ->> 0 FROM jsonb_array_elements(wanted.changes) AS c));
    PERFORM put_events(p_events);
    IF wanted.rekeyed THEN
        PERFORM keep_keys(wanted.record_id, scope.register_code, content.keys, content.key_rules);
    END IF;
    verdict := 'done';
    version_there := changed.version;
END
$$;

-- Save a review: the rating is confirmed, and no answer changes. Verdicts are those of `update_record`.
CREATE OR REPLACE FUNCTION review_record(
    p_scope jsonb, p_command jsonb, p_record uuid, p_version integer, p_events jsonb,
    OUT verdict text, OUT version_there integer
)
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    taken uuid := take_command(p_command);
    scope record;
BEGIN
    verdict := 'repeated';
    IF taken IS NULL THEN
        RETURN;
    END IF;
    scope := open_scope(p_scope);
    WITH reviewed AS (
        UPDATE record AS r
        SET version = r.version + 1, updates = r.updates + 1, updated_at = now(), rated_at = now()
        WHERE r.id = p_record AND r.version = p_version AND r.is_open AND r.rating IS NOT NULL
        RETURNING r.id, r.version, r.edition, r.overlay, r.answers
    )
    INSERT INTO record_version (
        record_id, version, act, changed_at, changed_by, changed_by_name, edition, overlay, answers
    )
    SELECT v.id, v.version, 'reviewed', now(), scope.user_id, scope.full_name, v.edition, v.overlay, v.answers
    FROM reviewed AS v;
    IF NOT FOUND THEN
        DELETE FROM command WHERE id = taken;
        SELECT w.verdict, w.version_there INTO verdict, version_there FROM why_unchanged(p_record) AS w;
        RETURN;
    END IF;
    INSERT INTO audit (actor, session, action, register, subjects)
    VALUES (scope.user_id, scope.session_id, 'record.reviewed', scope.register_code, ARRAY[p_record]);
    PERFORM put_events(p_events);
    verdict := 'done';
    version_there := p_version + 1;
END
$$;

-- Return why there was nothing to change: the record is not found, is archived, or has another version.
CREATE OR REPLACE FUNCTION why_unchanged(p_record uuid, OUT verdict text, OUT version_there integer)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    SELECT CASE WHEN r.is_open THEN 'conflict' ELSE 'archived' END, r.version
    INTO verdict, version_there
    FROM record AS r
    WHERE r.id = p_record;
    verdict := coalesce(verdict, 'not_found');
END
$$;

GRANT EXECUTE ON FUNCTION
find_for_update(jsonb, uuid, uuid), update_record(jsonb, jsonb, jsonb, jsonb, jsonb),
review_record(jsonb, jsonb, uuid, integer, jsonb), why_unchanged(uuid)
TO referrals_app;

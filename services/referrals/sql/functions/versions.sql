-- Further versions of a record, saved as a new record is: rules in Python decide, and these functions compare and
-- store.

-- Return what is needed to decide about a change: the record, and whether the command was carried out before. One
-- statement reads both. So if a command is sent twice at once, neither attempt finds its own change. `decided` are the
-- bodies that have decided about the end of the record.
CREATE OR REPLACE FUNCTION find_for_update(
    p_scope jsonb, p_command uuid, p_record uuid,
    OUT is_repeated boolean, OUT record_id uuid, OUT reference text, OUT edition text, OUT state text, OUT is_open boolean,
    OUT version integer, OUT organisation_id uuid, OUT bodies text [], OUT created_by uuid, OUT rating text,
    OUT ends_on date, OUT decided text [], OUT answers jsonb, OUT is_held boolean
)
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    scope record := open_scope(p_scope);
    held uuid [] := held_ids();
BEGIN
    SELECT EXISTS (SELECT FROM command AS c WHERE c.id = p_command), p_record = ANY(held),
        r.id, r.reference, r.edition, r.state, r.is_open, r.version, r.organisation_id,
        (SELECT c.bodies FROM compartment AS c WHERE c.compartment_id = r.compartment_id),
        r.created_by, r.rating, r.ends_on, r.answers,
        ARRAY(SELECT d.body FROM ending_decision AS d WHERE d.record_id = r.id AND d.withdrawn_at IS NULL)
    INTO is_repeated, is_held, record_id, reference, edition, state, is_open, version, organisation_id, bodies, created_by,
        rating, ends_on, answers, decided
    FROM (VALUES (p_record)) AS wanted (id)
    LEFT JOIN record AS r
        ON r.id = wanted.id AND r.register_code = scope.register_code
        AND (scope.compartment_ids IS NULL OR r.compartment_id = ANY(scope.compartment_ids))
        AND (NOT scope.own_records_only OR r.created_by = scope.user_id OR r.id = ANY(held));
END
$$;

-- Save a new version for a command, as `store_version` does. `verdict` may also be repeated.
CREATE OR REPLACE FUNCTION save_version(
    p_scope jsonb, p_command jsonb, p_version jsonb, p_content jsonb, p_events jsonb,
    OUT verdict text, OUT version_there integer, OUT matches jsonb, OUT seen uuid []
)
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    taken uuid := take_command(p_command);
BEGIN
    verdict := 'repeated';
    IF taken IS NOT NULL THEN
        SELECT s.verdict, s.version_there, s.matches, s.seen INTO verdict, version_there, matches, seen
        FROM store_version(p_scope, p_version, p_content, p_events) AS s;
        IF verdict <> 'done' THEN
            DELETE FROM command WHERE id = taken;
        END IF;
    END IF;
END
$$;

-- Save a new version of a record. `verdict` is done, matches, conflict, closed or not_found; only done changes
-- anything. `version_there` is the record's version afterwards. Without `p_content` the answers stay as they are.
CREATE OR REPLACE FUNCTION store_version(
    p_scope jsonb, p_version jsonb, p_content jsonb, p_events jsonb,
    OUT verdict text, OUT version_there integer, OUT matches jsonb, OUT seen uuid []
)
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    scope record := open_scope(p_scope);
    wanted record := read_version(p_version);
    content record := read_content(p_content);
    matched uuid [];
    kept record;
BEGIN
    IF p_content IS NULL THEN
        kept := turn_record(scope, wanted);
    ELSE
        IF content.judged IS NOT NULL THEN
            SELECT f.matches, f.ids INTO matches, matched
            FROM find_matches(wanted.record_id, scope.register_code, content.keys) AS f;
            IF NOT matches <@ content.judged THEN
                verdict := 'matches';
                seen := in_sight(scope, matched);
                RETURN;
            END IF;
        END IF;
        kept := rewrite_record(scope, wanted, content);
        IF wanted.act <> 'reviewed' THEN -- a form saves no answers without consent; a review does not ask for it
            PERFORM confirm_consent(ARRAY[kept.id], scope.user_id);
        END IF;
    END IF;
    IF kept.id IS NULL THEN
        SELECT w.verdict, w.version_there INTO verdict, version_there
        FROM why_unchanged(scope, wanted.record_id, wanted.was_open) AS w;
        RETURN;
    END IF;
    INSERT INTO record_version (
        record_id, version, act, changed_at, changed_by, changed_by_name, edition, overlay, changes, answers, leaving
    ) VALUES (
        kept.id, kept.version, wanted.act, now(), scope.user_id, scope.full_name, kept.edition, kept.overlay,
        wanted.changes, kept.answers, wanted.leaving
    );
    UPDATE ending_decision SET withdrawn_at = now()
    WHERE wanted.withdraws AND record_id = kept.id AND withdrawn_at IS NULL;
    INSERT INTO audit (actor, session, action, register, subjects, fields)
    VALUES (scope.user_id, scope.session_id, wanted.action, scope.register_code, ARRAY[kept.id],
        ARRAY(SELECT c ->> 0 FROM jsonb_array_elements(wanted.changes) AS c)
        || ARRAY(SELECT jsonb_object_keys(wanted.leaving)));
    PERFORM put_events(p_events);
    IF tells_of_rating(p_events) THEN
        UPDATE record SET is_told = true WHERE id = kept.id AND NOT is_told;
    END IF;
    IF content.keys IS NOT NULL THEN
        PERFORM keep_keys(kept.id, scope.register_code, content.keys, content.key_rules);
    END IF;
    verdict := 'done';
    version_there := kept.version;
END
$$;

-- Return a version to be saved. `version` is the one that the user saw. `rerated`: the date of the rating is new.
-- `is_update`: the version counts as an update. `withdraws`: decisions about the end of the record no longer hold.
-- `leaving` says why the record is archived; null for every other version.
CREATE OR REPLACE FUNCTION read_version(p_version jsonb) RETURNS record
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    wanted record;
BEGIN
    SELECT v.* INTO wanted
    FROM jsonb_to_record(p_version) AS v (
        record_id uuid, version integer, act text, action text, was_open boolean, state text, is_open boolean,
        compartment_id uuid, ends_on date, awaiting boolean, withdraws boolean, rerated boolean, is_update boolean,
        changes jsonb, leaving jsonb
    )
    WHERE check_keys(p_version, ARRAY[
        'record_id', 'version', 'act', 'action', 'was_open', 'state', 'is_open', 'compartment_id', 'ends_on', 'awaiting',
        'withdraws', 'rerated', 'is_update', 'changes', 'leaving'
    ]);
    RETURN wanted;
END
$$;

-- Change the state of a record and leave its answers as they are. Return no row if it is not in scope, or not as the
-- user saw it. The keys of a record that comes back are locked before the record, as `find_matches` does for new answers.
CREATE OR REPLACE FUNCTION turn_record(p_scope record, p_wanted record) RETURNS record
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    kept record;
BEGIN
    IF p_wanted.is_open AND NOT p_wanted.was_open THEN
        PERFORM lock_keys_of(p_wanted.record_id);
    END IF;
    UPDATE record AS r
    SET version = r.version + 1, updates = r.updates + p_wanted.is_update::integer, state = p_wanted.state,
        is_open = p_wanted.is_open, ended_at = CASE WHEN p_wanted.is_open THEN NULL ELSE now() END,
        updated_at = CASE WHEN p_wanted.is_open THEN now() ELSE r.updated_at END,
        rated_at = CASE WHEN p_wanted.rerated THEN now() ELSE r.rated_at END,
        ends_on = p_wanted.ends_on, awaiting = p_wanted.awaiting
    WHERE r.id = p_wanted.record_id AND r.version = p_wanted.version AND r.is_open = p_wanted.was_open
        AND r.register_code = p_scope.register_code
        AND (p_scope.compartment_ids IS NULL OR r.compartment_id = ANY(p_scope.compartment_ids))
        AND (NOT p_scope.own_records_only OR r.created_by = p_scope.user_id OR r.id = ANY(held_ids()))
    RETURNING r.id, r.version, r.edition, r.overlay, r.answers INTO kept;
    RETURN kept;
END
$$;

-- Save new answers of a record. Return no row if it is not in scope, or not as the user saw it. An answer goes only if
-- `changes` names it: nothing can be lost that the history does not show.
CREATE OR REPLACE FUNCTION rewrite_record(p_scope record, p_wanted record, p_content record) RETURNS record
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    kept record;
BEGIN
    UPDATE record AS r
    SET version = r.version + 1, updates = r.updates + p_wanted.is_update::integer, state = p_wanted.state,
        is_open = p_wanted.is_open, ended_at = CASE WHEN p_wanted.is_open THEN NULL ELSE now() END,
        updated_at = CASE WHEN p_wanted.is_open THEN now() ELSE r.updated_at END,
        compartment_id = p_wanted.compartment_id, ends_on = p_wanted.ends_on, awaiting = p_wanted.awaiting,
        rating = p_content.rating, rated_at = CASE WHEN p_wanted.rerated THEN now() ELSE r.rated_at END,
        locality = p_content.locality, given_name = p_content.given_name, family_name = p_content.family_name,
        born = p_content.born, nhs_number = p_content.nhs_number, postcode = p_content.postcode, search = p_content.search,
        sort_name = p_content.sort_name,
        answers = (r.answers - ARRAY(SELECT c ->> 0 FROM jsonb_array_elements(p_wanted.changes) AS c))
        || p_content.answers
    WHERE r.id = p_wanted.record_id AND r.version = p_wanted.version AND r.is_open = p_wanted.was_open
        AND r.register_code = p_scope.register_code
        AND (p_scope.compartment_ids IS NULL OR r.compartment_id = ANY(p_scope.compartment_ids))
        AND (NOT p_scope.own_records_only OR r.created_by = p_scope.user_id OR r.id = ANY(held_ids()))
    RETURNING r.id, r.version, r.edition, r.overlay, r.answers INTO kept;
    RETURN kept;
END
$$;

-- Return why there was nothing to change: the record is not found, is not open (or open again), or has another version.
CREATE OR REPLACE FUNCTION why_unchanged(
    p_scope record, p_record uuid, p_was_open boolean, OUT verdict text, OUT version_there integer
)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    SELECT CASE WHEN r.is_open = p_was_open THEN 'conflict' ELSE 'closed' END, r.version
    INTO verdict, version_there
    FROM record AS r
    WHERE r.id = p_record
        AND r.register_code = p_scope.register_code
        AND (p_scope.compartment_ids IS NULL OR r.compartment_id = ANY(p_scope.compartment_ids))
        AND (NOT p_scope.own_records_only OR r.created_by = p_scope.user_id OR r.id = ANY(held_ids()));
    verdict := coalesce(verdict, 'not_found');
END
$$;

-- Lock the keys of a record that comes back, before the record itself, as every other write does.
CREATE OR REPLACE FUNCTION lock_keys_of(p_record uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM lock_keys(k.register_code, array_agg(k.key)) FROM record_key AS k WHERE k.record_id = p_record
    GROUP BY k.register_code;
END
$$;

GRANT EXECUTE ON FUNCTION
find_for_update(jsonb, uuid, uuid), save_version(jsonb, jsonb, jsonb, jsonb, jsonb),
store_version(jsonb, jsonb, jsonb, jsonb), read_version(jsonb), turn_record(record, record),
rewrite_record(record, record, record), why_unchanged(record, uuid, boolean), lock_keys_of(uuid)
TO referrals_app;

-- Adds a record in one round trip. Record, history, audit, outbox and the command's id are saved together or not at
-- all.

-- Add a record. `verdict` is done, repeated, likely_duplicate or duplicate_unseen; only done changes anything. `seen`
-- are the newest ten matching records that the user may see; `shown` are the ones they were shown before. `unseen` is
-- said if a match that the user may not see is refused too, and silent otherwise. Generic plans are forced, since
-- planning each call costs a third more.
CREATE OR REPLACE FUNCTION submit_record(
    p_scope jsonb, p_command jsonb, p_record jsonb, p_content jsonb, p_events jsonb, OUT verdict text, OUT seen uuid []
)
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    taken uuid := take_command(p_command);
    scope record;
    fresh record;
    content record;
    matches uuid [];
    the_overlay integer;
BEGIN
    verdict := 'repeated';
    IF taken IS NULL THEN
        RETURN;
    END IF;
    scope := open_scope(p_scope);
    SELECT r.* INTO fresh
    FROM jsonb_to_record(p_record) AS r (
        record_id uuid, reference text, edition text, state text, compartment_id uuid, organisation_id uuid, unseen text,
        shown uuid []
    )
    WHERE check_keys(p_record, ARRAY[
        'record_id', 'reference', 'edition', 'state', 'compartment_id', 'organisation_id', 'unseen', 'shown'
    ]);
    content := read_content(p_content);
    matches := claim_keys(fresh.record_id, scope.register_code, content.keys, content.key_rules);
    verdict := 'done';
    IF cardinality(matches) > 0 THEN
        seen := matches_in_sight(matches, scope.compartment_ids, scope.user_id, scope.own_records_only);
        IF NOT seen[1 : 10] <@ fresh.shown THEN
            verdict := 'likely_duplicate';
        ELSIF fresh.unseen = 'said' AND cardinality(seen) < cardinality(matches) THEN
            verdict := 'duplicate_unseen';
        END IF;
        seen := seen[1 : 10];
        IF verdict <> 'done' THEN
            PERFORM keep_keys(fresh.record_id, scope.register_code, '{}', '{}');
            DELETE FROM command WHERE id = taken;
            RETURN;
        END IF;
    END IF;
    INSERT INTO record (
        id, reference, register_code, edition, state, compartment_id, organisation_id, created_by, created_by_name,
        created_at, updated_at, rating, rated_at, locality, given_name, family_name, born, nhs_number, postcode, search, answers
    ) VALUES (
        fresh.record_id, fresh.reference, scope.register_code, fresh.edition, fresh.state, fresh.compartment_id,
        fresh.organisation_id, scope.user_id, scope.full_name, now(), now(), content.rating, now(), content.locality, content.given_name, content.family_name,
        content.born, content.nhs_number, content.postcode, content.search, content.answers
    ) RETURNING overlay INTO the_overlay;
    IF cardinality(matches) > 0 THEN
        PERFORM flag_matches(fresh.record_id, scope.register_code, content.keys);
    END IF;
    INSERT INTO record_version (record_id, version, act, changed_at, changed_by, changed_by_name, edition, overlay, answers)
    VALUES (fresh.record_id, 0, 'created', now(), scope.user_id, scope.full_name, fresh.edition, the_overlay, content.answers);
    INSERT INTO audit (actor, session, action, register, subjects, fields)
    VALUES (scope.user_id, scope.session_id, 'record.created', scope.register_code, ARRAY[fresh.record_id],
        ARRAY(SELECT jsonb_object_keys(content.answers)));
    PERFORM put_events(p_events);
END
$$;

-- Return the content of a version: the answers, the columns taken from them, and the keys by which records are
-- compared.
CREATE OR REPLACE FUNCTION read_content(p_content jsonb) RETURNS record
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    content record;
BEGIN
    SELECT c.* INTO content
    FROM jsonb_to_record(p_content) AS c (
        answers jsonb, rating text, search text, locality text, given_name text, family_name text, born date,
        nhs_number text, postcode text, keys text [], key_rules text []
    )
    WHERE check_keys(p_content, ARRAY[
        'answers', 'rating', 'search', 'locality', 'given_name', 'family_name', 'born', 'nhs_number', 'postcode',
        'keys', 'key_rules'
    ]);
    RETURN content;
END
$$;

-- Return those of the records that the user may see, the newest first.
CREATE OR REPLACE FUNCTION matches_in_sight(p_matches uuid [], p_compartments uuid [], p_user uuid, p_own boolean) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN ARRAY(
        SELECT r.id
        FROM record AS r
        WHERE r.id = ANY(p_matches) AND (p_compartments IS NULL OR r.compartment_id = ANY(p_compartments))
            AND (NOT p_own OR r.created_by = p_user OR r.id = ANY(held_ids()))
        ORDER BY r.created_at DESC, r.id DESC
    );
END
$$;

GRANT EXECUTE ON FUNCTION
submit_record(jsonb, jsonb, jsonb, jsonb, jsonb), read_content(jsonb),
matches_in_sight(uuid [], uuid [], uuid, boolean)
TO referrals_app;

-- Whoever adds a record all the same says which of those like it they were shown: one that was added since is asked about.

-- As before; `p_seen` are the records that the asker has been shown. Ten are shown at most, the newest.
-- squawk-ignore ban-drop-function
DROP FUNCTION submit_record;

CREATE FUNCTION submit_record(
    p_user uuid, p_session uuid, p_register text, p_role text, p_orgs uuid [], p_own boolean,
    p_command uuid, p_hash bytea, p_answer jsonb,
    p_record uuid, p_reference text, p_edition text, p_organisation uuid, p_user_name text,
    p_rating text, p_locality text, p_given_name text, p_family_name text, p_born date, p_nhs_number text,
    p_postcode text, p_search text, p_answers jsonb, p_fields text [],
    p_event_ids uuid [], p_event_subjects text [], p_event_types text [], p_event_bodies jsonb [],
    p_keys text [], p_unseen text, p_seen uuid []
) RETURNS TABLE (verdict text, seen uuid [], earlier_actor uuid, earlier_hash bytea, earlier_answer jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    matches uuid [];
    visible uuid [];
    refusal text;
BEGIN
    INSERT INTO command (id, actor, body_hash, answer) VALUES (p_command, p_user, p_hash, p_answer)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT 'repeated', NULL::uuid [], c.actor, c.body_hash, c.answer FROM command AS c WHERE c.id = p_command;
        RETURN;
    END IF;
    PERFORM set_scope(p_user, p_register, p_role, p_orgs, p_own);
    matches := claim_keys(p_record, p_register, p_keys);
    IF cardinality(matches) > 0 THEN
        visible := ARRAY(
            SELECT r.id
            FROM record AS r
            WHERE r.id = ANY(matches) AND r.organisation_id = ANY(p_orgs)
                AND (NOT p_own OR r.created_by = p_user OR r.id = ANY(held_ids()))
            ORDER BY r.created_at DESC, r.id DESC
        );
        refusal := CASE
            WHEN NOT visible[1:10] <@ p_seen THEN 'likely_duplicate'
            WHEN p_unseen = 'said' AND cardinality(visible) < cardinality(matches) THEN 'duplicate_unseen'
        END;
        IF refusal IS NOT NULL THEN
            PERFORM keep_keys(p_record, p_register, '{}');
            DELETE FROM command WHERE id = p_command;
            RETURN QUERY SELECT refusal, visible[1:10], NULL::uuid, NULL::bytea, NULL::jsonb;
            RETURN;
        END IF;
    END IF;
    INSERT INTO record (
        id, reference, register_code, edition, organisation_id, created_by, created_by_name, created_at, updated_at,
        rating, rated_at, locality, given_name, family_name, born, nhs_number, postcode, search, answers
    ) VALUES (
        p_record, p_reference, p_register, p_edition, p_organisation, p_user, p_user_name, now(), now(),
        p_rating, now(), p_locality, p_given_name, p_family_name, p_born, p_nhs_number, p_postcode, p_search, p_answers
    );
    IF cardinality(matches) > 0 THEN
        PERFORM flag_matches(p_record, p_register, p_keys);
    END IF;
    INSERT INTO record_version (record_id, version, act, changed_at, changed_by, changed_by_name, edition, answers)
    VALUES (p_record, 0, 'created', now(), p_user, p_user_name, p_edition, p_answers);
    INSERT INTO audit (actor, session, action, register, subjects, fields)
    VALUES (p_user, p_session, 'record.created', p_register, ARRAY[p_record], p_fields);
    PERFORM put_events(p_event_ids, p_event_subjects, p_event_types, p_event_bodies);
END
$$;

DO $$
DECLARE
    app text := current_schema() || '_app';
BEGIN
    EXECUTE 'REVOKE ALL ON FUNCTION submit_record FROM PUBLIC';
    EXECUTE format('GRANT EXECUTE ON FUNCTION submit_record TO %I', app);
END
$$;

-- Adding and updating a record in one round trip each: state, history, audit, outbox and the command's id together, or
-- none of it. Ids, answers and events are made before; a command that was carried out before changes nothing, and its
-- row comes back for comparison.

CREATE FUNCTION put_events(p_ids uuid [], p_subjects text [], p_types text [], p_bodies jsonb []) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (event_id, subject, event_type, body)
    SELECT e.id, e.subject, e.type, e.body
    FROM unnest(p_ids, p_subjects, p_types, p_bodies) AS e (id, subject, type, body);
END
$$;

CREATE FUNCTION submit_record(
    p_user uuid, p_session uuid, p_register text, p_role text, p_orgs uuid [], p_own boolean,
    p_command uuid, p_hash bytea, p_answer jsonb,
    p_record uuid, p_reference text, p_edition text, p_organisation uuid, p_user_name text,
    p_rating text, p_locality text, p_given_name text, p_family_name text, p_born date, p_nhs_number text,
    p_postcode text, p_search text, p_answers jsonb, p_fields text [],
    p_event_ids uuid [], p_event_subjects text [], p_event_types text [], p_event_bodies jsonb []
) RETURNS TABLE (earlier_actor uuid, earlier_hash bytea, earlier_answer jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO command (id, actor, body_hash, answer) VALUES (p_command, p_user, p_hash, p_answer)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN QUERY SELECT c.actor, c.body_hash, c.answer FROM command AS c WHERE c.id = p_command;
        RETURN;
    END IF;
    PERFORM set_scope(p_user, p_register, p_role, p_orgs, p_own);
    INSERT INTO record (
        id, reference, register_code, edition, organisation_id, created_by, created_by_name, created_at, updated_at,
        rating, rated_at, locality, given_name, family_name, born, nhs_number, postcode, search, answers
    ) VALUES (
        p_record, p_reference, p_register, p_edition, p_organisation, p_user, p_user_name, now(), now(),
        p_rating, now(), p_locality, p_given_name, p_family_name, p_born, p_nhs_number, p_postcode, p_search, p_answers
    );
    INSERT INTO record_version (record_id, version, act, changed_at, changed_by, changed_by_name, edition, answers)
    VALUES (p_record, 0, 'created', now(), p_user, p_user_name, p_edition, p_answers);
    INSERT INTO audit (actor, session, action, register, subjects, fields)
    VALUES (p_user, p_session, 'record.created', p_register, ARRAY[p_record], p_fields);
    PERFORM put_events(p_event_ids, p_event_subjects, p_event_types, p_event_bodies);
END
$$;

-- What is needed to decide about a change: the command's own row if it was carried out before, and the record.
CREATE FUNCTION find_for_update(
    p_user uuid, p_session uuid, p_register text, p_role text, p_orgs uuid [], p_own boolean,
    p_command uuid, p_record uuid
) RETURNS TABLE (
    earlier_actor uuid, earlier_hash bytea, earlier_answer jsonb,
    record_id uuid, reference text, edition text, status smallint, version integer, organisation_id uuid,
    created_by uuid, answers jsonb
)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_scope(p_user, p_register, p_role, p_orgs, p_own);
    RETURN QUERY
    SELECT c.actor, c.body_hash, c.answer,
        r.id, r.reference, r.edition, r.status, r.version, r.organisation_id, r.created_by, r.answers
    FROM (VALUES (p_record)) AS wanted (id)
    LEFT JOIN command AS c ON c.id = p_command
    LEFT JOIN record AS r
        ON r.id = wanted.id AND r.register_code = p_register AND r.organisation_id = ANY(p_orgs)
            AND (NOT p_own OR r.created_by = p_user);
END
$$;

-- `verdict` is done, repeated, conflict, archived or not_found; only the first changes anything.
CREATE FUNCTION update_record(
    p_user uuid, p_session uuid, p_register text, p_role text, p_orgs uuid [], p_own boolean,
    p_command uuid, p_hash bytea, p_answer jsonb,
    p_record uuid, p_version integer, p_user_name text,
    p_rating text, p_rerated boolean, p_locality text, p_given_name text, p_family_name text, p_born date,
    p_nhs_number text, p_postcode text, p_search text, p_answers jsonb, p_changes jsonb, p_fields text [],
    p_event_ids uuid [], p_event_subjects text [], p_event_types text [], p_event_bodies jsonb []
) RETURNS TABLE (
    verdict text, version_there integer, earlier_actor uuid, earlier_hash bytea, earlier_answer jsonb
)
LANGUAGE plpgsql AS $$
DECLARE
    the_edition text;
    the_overlay integer;
BEGIN
    INSERT INTO command (id, actor, body_hash, answer) VALUES (p_command, p_user, p_hash, p_answer)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT 'repeated', NULL::integer, c.actor, c.body_hash, c.answer FROM command AS c WHERE c.id = p_command;
        RETURN;
    END IF;
    PERFORM set_scope(p_user, p_register, p_role, p_orgs, p_own);
    UPDATE record AS r
    SET version = r.version + 1,
        updates = r.updates + 1,
        updated_at = now(),
        rating = p_rating,
        rated_at = CASE WHEN p_rerated THEN now() ELSE r.rated_at END,
        locality = p_locality,
        given_name = p_given_name,
        family_name = p_family_name,
        born = p_born,
        nhs_number = p_nhs_number,
        postcode = p_postcode,
        search = p_search,
        answers = p_answers
    WHERE r.id = p_record AND r.version = p_version AND r.status = 0
    RETURNING r.edition, r.overlay INTO the_edition, the_overlay;
    IF NOT FOUND THEN
        DELETE FROM command WHERE id = p_command;
        RETURN QUERY
        SELECT
            CASE WHEN r.id IS NULL THEN 'not_found' WHEN r.status = 1 THEN 'archived' ELSE 'conflict' END,
            r.version, NULL::uuid, NULL::bytea, NULL::jsonb
        FROM (VALUES (p_record)) AS wanted (id)
        LEFT JOIN record AS r ON r.id = wanted.id;
        RETURN;
    END IF;
    INSERT INTO record_version (
        record_id, version, act, changed_at, changed_by, changed_by_name, edition, overlay, changes, answers
    ) VALUES (
        p_record, p_version + 1, 'updated', now(), p_user, p_user_name, the_edition, the_overlay, p_changes, p_answers
    );
    INSERT INTO audit (actor, session, action, register, subjects, fields)
    VALUES (p_user, p_session, 'record.updated', p_register, ARRAY[p_record], p_fields);
    PERFORM put_events(p_event_ids, p_event_subjects, p_event_types, p_event_bodies);
    RETURN QUERY SELECT 'done', p_version + 1, NULL::uuid, NULL::bytea, NULL::jsonb;
END
$$;

-- Functions may be executed by everybody unless it is taken away; in this schema only the service has business.
DO $$
DECLARE
    app text := current_schema() || '_app';
BEGIN
    EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
    EXECUTE format('GRANT EXECUTE ON FUNCTION set_scope, count_active, ids_after, ids_before, list_records, search_ids, '
        'found_ids, search_records, read_record, put_events, submit_record, find_for_update, update_record TO %I', app);
END
$$;

-- Looking at a record's rating and finding that it stands: an update of its own, in one round trip, which changes no
-- answer. And archives that were made in error, which one administrator asks to have reversed and another reverses.

-- More is allowed than before, so that there is nothing to look through.
-- squawk-ignore ban-drop-constraint
ALTER TABLE record_version DROP CONSTRAINT record_version_act_check;
ALTER TABLE record_version ADD CONSTRAINT record_version_act_check
CHECK (act IN ('created', 'updated', 'reviewed', 'archived', 'reinstated')) NOT VALID;

-- `verdict` is done, repeated, conflict, archived or not_found; only the first changes anything.
CREATE FUNCTION review_record(
    p_user uuid, p_session uuid, p_register text, p_role text, p_orgs uuid [], p_own boolean,
    p_command uuid, p_hash bytea, p_answer jsonb,
    p_record uuid, p_version integer, p_user_name text,
    p_event_ids uuid [], p_event_subjects text [], p_event_types text [], p_event_bodies jsonb []
) RETURNS TABLE (
    verdict text, version_there integer, earlier_actor uuid, earlier_hash bytea, earlier_answer jsonb
)
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO command (id, actor, body_hash, answer) VALUES (p_command, p_user, p_hash, p_answer)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT 'repeated', NULL::integer, c.actor, c.body_hash, c.answer FROM command AS c WHERE c.id = p_command;
        RETURN;
    END IF;
    PERFORM set_scope(p_user, p_register, p_role, p_orgs, p_own);
    WITH reviewed AS (
        UPDATE record AS r
        SET version = r.version + 1, updates = r.updates + 1, updated_at = now(), rated_at = now()
        WHERE r.id = p_record AND r.version = p_version AND r.status = 0 AND r.rating IS NOT NULL
        RETURNING r.id, r.version, r.edition, r.overlay, r.answers
    )
    INSERT INTO record_version (
        record_id, version, act, changed_at, changed_by, changed_by_name, edition, overlay, answers
    )
    SELECT v.id, v.version, 'reviewed', now(), p_user, p_user_name, v.edition, v.overlay, v.answers
    FROM reviewed AS v;
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
    INSERT INTO audit (actor, session, action, register, subjects)
    VALUES (p_user, p_session, 'record.reviewed', p_register, ARRAY[p_record]);
    PERFORM put_events(p_event_ids, p_event_subjects, p_event_types, p_event_bodies);
    RETURN QUERY SELECT 'done', p_version + 1, NULL::uuid, NULL::bytea, NULL::jsonb;
END
$$;

-- `record_version` is the version with which the record was archived: a reversal is of that archive and of no later one.
CREATE TABLE reversal (
    id uuid PRIMARY KEY,
    record_id uuid NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    record_version integer NOT NULL,
    reason text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    asked_by uuid NOT NULL,
    asked_by_name text NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'confirmed', 'declined')),
    decided_at timestamptz,
    decided_by uuid,
    decided_by_name text,
    CONSTRAINT reversal_is_decided_by_somebody CHECK (
        (state = 'open') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)
    ),
    CONSTRAINT reversal_takes_two CHECK (decided_by <> asked_by OR state = 'declined')
);
CREATE UNIQUE INDEX reversal_open ON reversal (record_id) WHERE state = 'open';
CREATE INDEX reversal_in_order ON reversal (asked_at, id) WHERE state = 'open';

-- Administrators see those of the records that they may see.
DO $$
DECLARE
    app text := current_schema() || '_app';
    owner text := current_schema() || '_owner';
    through_record text := 'EXISTS (SELECT FROM record AS r WHERE r.id = record_id)';
    in_role text := '(SELECT current_setting(''app.role'', true)) = ''administrator''';
BEGIN
    ALTER TABLE reversal ENABLE ROW LEVEL SECURITY;
    ALTER TABLE reversal FORCE ROW LEVEL SECURITY;
    EXECUTE format('CREATE POLICY owner ON reversal TO %I USING (true) WITH CHECK (true)', owner);
    EXECUTE format('CREATE POLICY scope ON reversal TO %1$I USING (%2$s) WITH CHECK (%2$s)', app, through_record);
    EXECUTE format('CREATE POLICY roles ON reversal AS RESTRICTIVE TO %1$I USING (%2$s) WITH CHECK (%2$s)', app, in_role);
    EXECUTE format('GRANT SELECT, INSERT ON reversal TO %I', app);
    EXECUTE format('GRANT UPDATE (state, decided_at, decided_by, decided_by_name) ON reversal TO %I', app);
    EXECUTE 'REVOKE ALL ON FUNCTION review_record FROM PUBLIC';
    EXECUTE format('GRANT EXECUTE ON FUNCTION review_record TO %I', app);
END
$$;

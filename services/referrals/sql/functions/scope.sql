-- The functions that every call from Python uses first. Each jsonb parameter is one dataclass, whose fields are its
-- keys. One function reads each parameter.

-- Return the visitor in `p_scope`, and set it as the context that row-level security reads. Without `compartment_ids` the
-- visitor reaches every compartment of the register. STABLE, because it changes no table, so that it needs no snapshots
-- of its own.
CREATE OR REPLACE FUNCTION open_scope(p_scope jsonb) RETURNS record
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    scope record;
BEGIN
    SELECT s.* INTO scope
    FROM jsonb_to_record(p_scope) AS s (
        user_id uuid, full_name text, session_id uuid, register_code text, role text, compartment_ids uuid [],
        own_records_only boolean
    )
    WHERE check_keys(p_scope, ARRAY[
        'user_id', 'full_name', 'session_id', 'register_code', 'role', 'compartment_ids', 'own_records_only'
    ]);
    PERFORM
        set_config('app.user', scope.user_id::text, true),
        set_config('app.register', scope.register_code, true),
        set_config('app.role', scope.role, true),
        set_config('app.compartments', coalesce(scope.compartment_ids::text, ''), true),
        set_config('app.all', CASE WHEN scope.compartment_ids IS NULL THEN '1' ELSE '' END, true),
        set_config('app.own', CASE WHEN scope.own_records_only THEN '1' ELSE '' END, true);
    RETURN scope;
END
$$;

-- Store the command's id and return it. Return null if the command was carried out before: then nothing may be done.
CREATE OR REPLACE FUNCTION take_command(p_command jsonb) RETURNS uuid
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    taken uuid;
BEGIN
    INSERT INTO command (id, actor, body_hash, answer)
    SELECT c.command_id, c.actor, decode(c.body_hash, 'hex'), c.answer
    FROM jsonb_to_record(p_command) AS c (command_id uuid, actor uuid, body_hash text, answer jsonb)
    WHERE check_keys(p_command, ARRAY['command_id', 'actor', 'body_hash', 'answer'])
    ON CONFLICT DO NOTHING
    RETURNING id INTO taken;
    RETURN taken;
END
$$;

CREATE OR REPLACE FUNCTION put_events(p_events jsonb) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO outbox (event_id, subjects, event_type, body)
    SELECT e.event_id, e.subjects, e.event_type, e.body
    FROM jsonb_array_elements(p_events) AS each (event)
    CROSS JOIN LATERAL jsonb_to_record(each.event) AS e (event_id uuid, subjects text [], event_type text, body jsonb)
    WHERE check_keys(each.event, ARRAY['event_id', 'subjects', 'event_type', 'body']);
END
$$;

GRANT EXECUTE ON FUNCTION open_scope(jsonb), take_command(jsonb), put_events(jsonb) TO referrals_app;

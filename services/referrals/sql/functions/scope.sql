-- What every call from Python starts with. Each jsonb parameter is one subject, whose keys are the fields of the dataclass
-- that is sent; one function reads it.

-- Return what `p_scope` says of the visitor, and set it as the context that row-level security reads.
CREATE OR REPLACE FUNCTION open_scope(p_scope jsonb) RETURNS record
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    scope record;
BEGIN
    SELECT s.* INTO scope
    FROM jsonb_to_record(p_scope) AS s (
        user_id uuid, full_name text, session_id uuid, register_code text, role text, organisation_ids uuid [],
        own_records_only boolean
    );
    PERFORM check_keys(p_scope, to_jsonb(scope));
    PERFORM
        set_config('app.user', scope.user_id::text, true),
        set_config('app.register', scope.register_code, true),
        set_config('app.role', scope.role, true),
        set_config('app.orgs', scope.organisation_ids::text, true),
        set_config('app.own', CASE WHEN scope.own_records_only THEN '1' ELSE '' END, true);
    RETURN scope;
END
$$;

-- Keep the command's id. False where the command was carried out before: then nothing may be done.
CREATE OR REPLACE FUNCTION take_command(p_command jsonb) RETURNS boolean
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    given record;
BEGIN
    SELECT c.* INTO given
    FROM jsonb_to_record(p_command) AS c (command_id uuid, actor uuid, body_hash text, answer jsonb);
    PERFORM check_keys(p_command, to_jsonb(given));
    INSERT INTO command (id, actor, body_hash, answer)
    VALUES (given.command_id, given.actor, decode(given.body_hash, 'hex'), given.answer)
    ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$$;

-- Forget a command that changed nothing, so that it can be sent again.
CREATE OR REPLACE FUNCTION give_back_command(p_command jsonb) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM command WHERE id = (p_command ->> 'command_id')::uuid;
END
$$;

CREATE OR REPLACE FUNCTION put_events(p_events jsonb) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    event record;
BEGIN
    FOR event IN
        SELECT e.* FROM jsonb_to_recordset(p_events) AS e (event_id uuid, subject text, event_type text, body jsonb)
    LOOP
        INSERT INTO outbox (event_id, subject, event_type, body)
        VALUES (event.event_id, event.subject, event.event_type, event.body);
    END LOOP;
    PERFORM check_keys(p_events, to_jsonb(event));
END
$$;

CREATE OR REPLACE FUNCTION london_day() RETURNS date
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$ SELECT (now() AT TIME ZONE 'Europe/London')::date $$;

GRANT EXECUTE ON FUNCTION open_scope(jsonb), take_command(jsonb), give_back_command(jsonb), put_events(jsonb), london_day()
TO referrals_app;

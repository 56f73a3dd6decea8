-- The one way in which a record is written: record, history, audit, outbox and the command's id are saved together or
-- not at all, in one round trip. Rules in Python decide; these functions compare and store. Each jsonb parameter is one
-- dataclass, whose fields are its keys, and one function reads it.

-- Return the visitor in `p_scope`, and set it as the context that row-level security reads. In what is returned,
-- `compartment_ids` is null if the visitor reaches every compartment of the register. Only `all_compartments` makes it
-- so: without that, missing ids are none. STABLE, because it changes no table, so that it needs no snapshots of its own.
CREATE OR REPLACE FUNCTION open_scope(p_scope jsonb) RETURNS record
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    scope record;
BEGIN
    SELECT s.user_id, s.full_name, s.session_id, s.register_code, s.role, s.own_records_only,
        CASE WHEN s.all_compartments THEN NULL ELSE coalesce(s.compartment_ids, '{}') END AS compartment_ids
    INTO scope
    FROM jsonb_to_record(p_scope) AS s (
        user_id uuid, full_name text, session_id uuid, register_code text, role text, compartment_ids uuid [],
        all_compartments boolean, own_records_only boolean
    )
    WHERE check_keys(p_scope, ARRAY[
        'user_id', 'full_name', 'session_id', 'register_code', 'role', 'compartment_ids', 'all_compartments',
        'own_records_only'
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

-- Return whether one of these events is a notice that tells people of the rating of its record.
CREATE OR REPLACE FUNCTION tells_of_rating(p_events jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path FROM CURRENT AS $$
    SELECT EXISTS (
        SELECT
        FROM jsonb_array_elements(p_events) AS each (event)
        CROSS JOIN LATERAL jsonb_to_record(each.event) AS e (event_id uuid, subjects text [], event_type text, body jsonb)
        WHERE check_keys(each.event, ARRAY['event_id', 'subjects', 'event_type', 'body'])
            AND e.body ->> 'occasion' IN ('record_created', 'rating_changed')
    )
$$;

-- Return the content of a version: the answers, the columns taken from them, and the keys by which records are
-- compared. `judged` are the matches that rules have looked at, or null if matches do not matter.
CREATE OR REPLACE FUNCTION read_content(p_content jsonb) RETURNS record
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    content record;
BEGIN
    SELECT c.* INTO content
    FROM jsonb_to_record(p_content) AS c (
        answers jsonb, rating text, search text, sort_name text, locality text, given_name text, family_name text,
        born date, nhs_number text, postcode text, keys text [], key_rules text [], judged jsonb
    )
    WHERE check_keys(p_content, ARRAY[
        'answers', 'rating', 'search', 'sort_name', 'locality', 'given_name', 'family_name', 'born', 'nhs_number',
        'postcode', 'keys', 'key_rules', 'judged'
    ]);
    RETURN content;
END
$$;

-- Add a record. `verdict` is done, repeated or matches; only done changes anything. For `matches`, `matches` lists
-- every open record that shares a key, and `seen` those that the user may see, the newest first. Generic plans are
-- forced, since planning each call costs a third more.
CREATE OR REPLACE FUNCTION submit_record(
    p_scope jsonb, p_command jsonb, p_record jsonb, p_content jsonb, p_events jsonb,
    OUT verdict text, OUT matches jsonb, OUT seen uuid []
)
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    taken uuid := take_command(p_command);
    scope record;
    fresh record;
    content record;
    matched uuid [];
    the_overlay integer;
BEGIN
    verdict := 'repeated';
    IF taken IS NULL THEN
        RETURN;
    END IF;
    scope := open_scope(p_scope);
    content := read_content(p_content);
    SELECT r.* INTO fresh
    FROM jsonb_to_record(p_record) AS r (
        record_id uuid, reference text, edition text, state text, compartment_id uuid, organisation_id uuid, ends_on date,
        awaiting boolean
    )
    WHERE check_keys(p_record, ARRAY[
        'record_id', 'reference', 'edition', 'state', 'compartment_id', 'organisation_id', 'ends_on', 'awaiting'
    ]);
    SELECT f.matches, f.ids INTO matches, matched
    FROM find_matches(fresh.record_id, scope.register_code, content.keys) AS f;
    IF NOT matches <@ content.judged THEN
        verdict := 'matches';
        seen := in_sight(scope, matched);
        DELETE FROM command WHERE id = taken;
        RETURN;
    END IF;
    INSERT INTO record (
        id, reference, register_code, edition, state, compartment_id, organisation_id, created_by, created_by_name,
        created_at, updated_at, rating, rated_at, is_told, ends_on, awaiting, locality, given_name, family_name, born, nhs_number,
        postcode, search, sort_name, answers
    ) VALUES (
        fresh.record_id, fresh.reference, scope.register_code, fresh.edition, fresh.state, fresh.compartment_id,
        fresh.organisation_id, scope.user_id, scope.full_name, now(), now(), content.rating, now(),
        tells_of_rating(p_events), fresh.ends_on,
        fresh.awaiting, content.locality, content.given_name, content.family_name, content.born, content.nhs_number,
        content.postcode, content.search, content.sort_name, content.answers
    ) RETURNING overlay INTO the_overlay;
    PERFORM add_keys(fresh.record_id, scope.register_code, content.keys, content.key_rules, matched <> '{}');
    INSERT INTO record_version (record_id, version, act, changed_at, changed_by, changed_by_name, edition, overlay, answers)
    VALUES (fresh.record_id, 0, 'created', now(), scope.user_id, scope.full_name, fresh.edition, the_overlay, content.answers);
    INSERT INTO audit (actor, session, action, register, subjects, fields)
    VALUES (scope.user_id, scope.session_id, 'record.created', scope.register_code, ARRAY[fresh.record_id],
        ARRAY(SELECT jsonb_object_keys(content.answers)));
    PERFORM put_events(p_events);
    verdict := 'done';
END
$$;

-- Return those of the records that the user may see, the newest first.
CREATE OR REPLACE FUNCTION in_sight(p_scope record, p_records uuid []) RETURNS uuid []
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN ARRAY(
        SELECT r.id
        FROM record AS r
        WHERE r.id = ANY(p_records) AND r.register_code = p_scope.register_code
            AND (p_scope.compartment_ids IS NULL OR r.compartment_id = ANY(p_scope.compartment_ids))
            AND (NOT p_scope.own_records_only OR r.created_by = p_scope.user_id OR r.id = ANY(held_ids()))
        ORDER BY r.created_at DESC, r.id DESC
    );
END
$$;

-- Make two transactions that save the same person at once run one after the other, so that the second sees the first's
-- record. Every transaction takes its locks in the same order, which prevents deadlocks.
CREATE OR REPLACE FUNCTION lock_keys(p_register text, p_keys text []) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(each.lock)
    FROM (
        SELECT DISTINCT hashtextextended(concat_ws('.', current_schema(), 'key', p_register, w.key), 0) AS lock
        FROM unnest(p_keys) AS w (key)
        ORDER BY lock
    ) AS each;
END
$$;

-- Lock the keys, and return the other open records of the register that share one of them, in every compartment, with
-- the rules that match. Records that are linked as the same person are left out. SECURITY DEFINER: rules must know of a match that the user may not see. The service never shows
-- it.
CREATE OR REPLACE FUNCTION find_matches(
    p_record uuid, p_register text, p_keys text [], OUT matches jsonb, OUT ids uuid []
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM lock_keys(p_register, p_keys);
    SELECT coalesce(jsonb_agg(to_jsonb(m)), '[]'), coalesce(array_agg(m.record_id), '{}')
    INTO matches, ids
    FROM (
        SELECT r.id AS record_id, r.nhs_number IS NOT NULL AS has_nhs_number, array_agg(k.rule) AS rules
        FROM record_key AS k
        JOIN record AS r ON r.id = k.record_id AND r.is_open
        WHERE k.register_code = p_register AND k.key = ANY(p_keys) AND r.id <> p_record AND NOT EXISTS (
            SELECT
            FROM person_link AS l
            JOIN person_link AS m ON m.person_id = l.person_id
            WHERE l.record_id = p_record AND m.record_id = r.id
        )
        GROUP BY r.id
    ) AS m;
END
$$;

-- Give its keys to a new record, and flag its matches if there are any.
CREATE OR REPLACE FUNCTION add_keys(p_record uuid, p_register text, p_keys text [], p_rules text [], p_flag boolean)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO record_key (record_id, register_code, key, rule)
    SELECT p_record, p_register, w.key, w.rule FROM unnest(p_keys, p_rules) AS w (key, rule);
    IF p_flag THEN
        PERFORM flag_matches(p_record, p_register, p_keys);
    END IF;
END
$$;

-- ----------------------------------------------------------------------------------- what follows from every new record
-- pg_restore and the scripts of pg_dump turn `row_security` off. The dump has the rows that these triggers would add, so
-- the triggers then do nothing. A service gains nothing by turning it off: Postgres refuses its statements on records.

-- Set the overlay of its register under which a record's answers are saved. A change without answers, such as a review
-- or an archive, leaves it unchanged.
CREATE OR REPLACE FUNCTION name_overlay() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF tg_op = 'INSERT' AND current_setting('row_security') = 'off' THEN
        RETURN new;
    END IF;
    new.overlay := (
        SELECT coalesce(max(o.version), 0) FROM overlay AS o WHERE o.register_code = new.register_code
    );
    RETURN new;
END
$$;

-- Mark an edition as used. Once it is marked it is only read, so that no save waits for another.
CREATE OR REPLACE FUNCTION use_edition(p_register text, p_edition text) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM edition_kept AS e
        WHERE e.register_code = p_register AND e.edition = p_edition AND e.is_used
    ) THEN
        INSERT INTO edition_kept (register_code, edition, is_used) VALUES (p_register, p_edition, true)
        ON CONFLICT (register_code, edition) DO UPDATE SET is_used = true;
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION record_added() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF current_setting('row_security') = 'off' THEN
        RETURN NULL;
    END IF;
    INSERT INTO delta (register_code, created_by, compartment_id, is_open, n)
    SELECT a.register_code, a.created_by, a.compartment_id, a.is_open, count(*)
    FROM added AS a
    GROUP BY GROUPING SETS (
        (a.register_code, a.is_open), (a.register_code, a.compartment_id, a.is_open),
        (a.register_code, a.created_by, a.compartment_id, a.is_open)
    );
    INSERT INTO record_search (record_id, register_code, compartment_id, created_by, updated_at, search)
    SELECT a.id, a.register_code, a.compartment_id, a.created_by, a.updated_at, without_numbers(a.search)
    FROM added AS a
    WHERE a.is_open;
    INSERT INTO record_word (record_id, register_code, compartment_id, created_by, word)
    SELECT a.id, a.register_code, a.compartment_id, a.created_by, w.word
    FROM added AS a, unnest(string_to_array(ltrim(a.search), ' ')) AS w (word)
    WHERE a.is_open AND w.word <> '';
    PERFORM use_edition(e.register_code, e.edition) FROM (SELECT DISTINCT a.register_code, a.edition FROM added AS a) AS e;
    INSERT INTO record_unsettled (record_id) SELECT a.id FROM added AS a;
    RETURN NULL;
END
$$;

-- Return search text without its NHS number and date of birth. They are found by their beginning, and would make most of
-- the index for the search within words.
CREATE OR REPLACE FUNCTION without_numbers(p_search text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN regexp_replace(p_search, ' [0-9]{6,}', '', 'g');
END
$$;

-- Put changed records into the feed. The row of a deleted record stays, so that readers learn of the deletion.
CREATE OR REPLACE FUNCTION feed_records() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF tg_op = 'INSERT' AND current_setting('row_security') = 'off' THEN
        RETURN NULL;
    END IF;
    INSERT INTO record_feed (record_id)
    SELECT c.id FROM changed AS c ORDER BY c.id
    ON CONFLICT (record_id) DO UPDATE SET sequence = NULL;
    RETURN NULL;
END
$$;

-- Make saving a draft and carrying out its command run one after the other (see `draft_sent`).
CREATE OR REPLACE FUNCTION hold_draft(p_id uuid) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('draft ' || p_id::text, 0))
$$;

-- Delete the draft of a command that is carried out, in the same transaction. A form that is refused deletes its
-- command's row again, and keeps its draft. SECURITY DEFINER: the command's transaction may have no scope.
CREATE OR REPLACE FUNCTION draft_sent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF current_setting('row_security') = 'off' THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM command AS c WHERE c.id = new.id) THEN
        PERFORM hold_draft(new.id);
        DELETE FROM draft WHERE user_id = new.actor AND id = new.id;
    END IF;
    RETURN NULL;
END
$$;

-- Add a record from a form that may have a draft: as `submit_record`, but with the verdict `draft_changed` if another
-- page has saved the draft since this one saw it. Then nothing is done, and `draft_version` and `draft_saved_at` are
-- those of the draft. `p_draft` is null for a form that does not say which version it has seen.
CREATE OR REPLACE FUNCTION submit_draft(
    p_scope jsonb, p_command jsonb, p_record jsonb, p_content jsonb, p_events jsonb, p_draft jsonb,
    OUT verdict text, OUT draft_version integer, OUT draft_saved_at timestamptz, OUT matches jsonb, OUT seen uuid []
)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    shown record;
BEGIN
    IF p_draft IS NOT NULL THEN
        SELECT s.draft_id, s.version, s.save_id INTO shown
        FROM jsonb_to_record(p_draft) AS s (draft_id uuid, version integer, save_id uuid)
        WHERE check_keys(p_draft, ARRAY['draft_id', 'version', 'save_id']);
        PERFORM open_scope(p_scope);
        PERFORM hold_draft(shown.draft_id);
        SELECT 'draft_changed', d.version, d.saved_at INTO verdict, draft_version, draft_saved_at
        FROM draft AS d
        WHERE d.user_id = nullif(current_setting('app.user', true), '')::uuid
            AND d.register_code = current_setting('app.register', true)
            AND d.id = shown.draft_id AND NOT d.discarded
            AND d.version <> shown.version AND d.save_id IS DISTINCT FROM shown.save_id;
        IF verdict IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    SELECT r.verdict, r.matches, r.seen INTO verdict, matches, seen
    FROM submit_record(p_scope, p_command, p_record, p_content, p_events) AS r;
END
$$;

GRANT EXECUTE ON FUNCTION
open_scope(jsonb), take_command(jsonb), put_events(jsonb), tells_of_rating(jsonb), read_content(jsonb), in_sight(record, uuid []),
submit_record(jsonb, jsonb, jsonb, jsonb, jsonb), submit_draft(jsonb, jsonb, jsonb, jsonb, jsonb, jsonb), find_matches(uuid, text, text []),
add_keys(uuid, text, text [], text [], boolean), use_edition(text, text), hold_draft(uuid)
TO referrals_app;

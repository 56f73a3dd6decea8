-- Likely duplicates: what records are compared by, the pairs that look like one person, and those known to be one.

-- By which records are compared: the rule's roles, a colon, and a hash of the folded values (see `rules.match_keys`).
-- Without a grant: only the functions below read it, since a match may lie where the asker does not see. Archived
-- records keep theirs, and count again if they come back. A record's keys are written before it: no foreign key, and
-- whatever has no record counts for nothing.
CREATE TABLE record_key (
    record_id uuid NOT NULL,
    register_code text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (register_code, key, record_id)
);
CREATE INDEX record_key_of_record ON record_key (record_id);

CREATE FUNCTION forget_keys() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM record_key WHERE record_id = old.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER record_forgotten AFTER DELETE ON record FOR EACH ROW EXECUTE FUNCTION forget_keys();

-- Two records that look like one person, the lesser id first; `rule` says by which roles.
CREATE TABLE possible_duplicate (
    one uuid NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    other uuid NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    register_code text COLLATE "C" NOT NULL,
    rule text NOT NULL,
    found_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'linked', 'dismissed')),
    decided_by uuid,
    decided_by_name text,
    decided_at timestamptz,
    PRIMARY KEY (one, other),
    CONSTRAINT possible_duplicate_ordered CHECK (one < other),
    CONSTRAINT possible_duplicate_decided CHECK ((state = 'open') = (decided_at IS NULL))
);
CREATE INDEX possible_duplicate_of_other ON possible_duplicate (other);
CREATE INDEX possible_duplicate_open ON possible_duplicate (register_code, found_at) WHERE state = 'open';

-- Records that the register's team says are about one person. Only the trigger on `possible_duplicate` writes here.
CREATE TABLE person_link (
    record_id uuid PRIMARY KEY REFERENCES record (id) ON DELETE CASCADE,
    person_id uuid NOT NULL
);
CREATE INDEX person_link_of_person ON person_link (person_id);

-- Two who save the same person at once come one after the other here, so that the second sees the first's record. Every
-- transaction takes its locks in one order.
CREATE FUNCTION lock_keys(p_register text, p_keys text []) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    each bigint;
BEGIN
    FOR each IN
        SELECT DISTINCT hashtextextended(concat_ws('.', current_schema(), 'key', p_register, w.key), 0) AS lock
        FROM unnest(p_keys) AS w (key)
        ORDER BY lock
    LOOP
        PERFORM pg_advisory_xact_lock(each);
    END LOOP;
END
$$;

-- For `submit_record` alone, which tells nobody of those that the asker may not see: give these keys to a record that is
-- about to be added, and return the active records of the register that have one of them, in every organisation.
CREATE FUNCTION claim_keys(p_record uuid, p_register text, p_keys text []) RETURNS uuid []
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    matches uuid [];
BEGIN
    PERFORM lock_keys(p_register, p_keys);
    matches := ARRAY(
        SELECT DISTINCT r.id
        FROM record_key AS k
        JOIN record AS r ON r.id = k.record_id AND r.status = 0
        WHERE k.register_code = p_register AND k.key = ANY(p_keys)
    );
    INSERT INTO record_key (record_id, register_code, key) SELECT p_record, p_register, w.key FROM unnest(p_keys) AS w (key);
    RETURN matches;
END
$$;

-- The pairs that a record makes by these keys, each by the first of them; twenty at most, with the newest records. A
-- pair that was dismissed opens again when it is found by a key that it did not have then.
CREATE FUNCTION flag_matches(p_record uuid, p_register text, p_keys text []) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO possible_duplicate AS d (one, other, register_code, rule)
    SELECT least(p_record, m.id), greatest(p_record, m.id), p_register, m.rule
    FROM (
        SELECT DISTINCT ON (r.id) r.id, r.created_at, split_part(k.key, ':', 1) AS rule
        FROM unnest(p_keys) WITH ORDINALITY AS w (key, place)
        JOIN record_key AS k ON k.register_code = p_register AND k.key = w.key
        JOIN record AS r ON r.id = k.record_id AND r.status = 0
        WHERE r.id <> p_record AND EXISTS (SELECT FROM record AS own WHERE own.id = p_record AND own.status = 0)
        ORDER BY r.id, w.place
    ) AS m
    ORDER BY m.created_at DESC
    LIMIT 20
    ON CONFLICT (one, other) DO UPDATE
    SET state = 'open', rule = excluded.rule, found_at = excluded.found_at,
        decided_by = NULL, decided_by_name = NULL, decided_at = NULL
    WHERE d.state = 'dismissed';
END
$$;

-- What a record is compared by from now on. Flags the matches of what it was not compared by before.
CREATE FUNCTION keep_keys(p_record uuid, p_register text, p_keys text []) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    fresh text [];
BEGIN
    DELETE FROM record_key WHERE record_id = p_record AND key <> ALL(p_keys);
    fresh := ARRAY(
        SELECT w.key
        FROM unnest(p_keys) WITH ORDINALITY AS w (key, place)
        WHERE NOT EXISTS (SELECT FROM record_key AS k WHERE k.record_id = p_record AND k.key = w.key)
        ORDER BY w.place
    );
    IF cardinality(fresh) > 0 THEN
        PERFORM lock_keys(p_register, fresh);
        INSERT INTO record_key (record_id, register_code, key) SELECT p_record, p_register, unnest(fresh);
        PERFORM flag_matches(p_record, p_register, fresh);
    END IF;
END
$$;

-- A record that comes back to its register is compared with those that were added meanwhile.
CREATE FUNCTION record_came_back() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    keys text [] := ARRAY(SELECT k.key FROM record_key AS k WHERE k.record_id = new.id);
BEGIN
    PERFORM lock_keys(new.register_code, keys);
    PERFORM flag_matches(new.id, new.register_code, keys);
    RETURN NULL;
END
$$;

CREATE TRIGGER record_came_back AFTER UPDATE ON record
FOR EACH ROW WHEN (old.status = 1 AND new.status = 0) EXECUTE FUNCTION record_came_back();

-- Records from before there were keys, which the service computes; this empties itself (see `jobs.Keying`).
CREATE TABLE record_without_keys (
    record_id uuid PRIMARY KEY
);
INSERT INTO record_without_keys (record_id) SELECT id FROM record;

CREATE FUNCTION read_without_keys(p_most integer) RETURNS TABLE (
    record_id uuid, register_code text, edition text, version integer, answers jsonb
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT w.record_id, r.register_code, r.edition, r.version, r.answers
    FROM record_without_keys AS w
    LEFT JOIN record AS r ON r.id = w.record_id
    ORDER BY w.record_id
    LIMIT p_most
$$;

-- Not if the record has been saved since it was read: then it has keys, or is read again.
CREATE FUNCTION key_record(p_record uuid, p_version integer, p_keys text []) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    register text := (SELECT r.register_code FROM record AS r WHERE r.id = p_record FOR NO KEY UPDATE);
BEGIN
    IF EXISTS (SELECT FROM record AS r WHERE r.id = p_record AND r.version = p_version) THEN
        PERFORM keep_keys(p_record, register, p_keys);
        DELETE FROM record_without_keys WHERE record_id = p_record;
    ELSIF register IS NULL THEN
        DELETE FROM record_without_keys WHERE record_id = p_record;
    END IF;
END
$$;

-- Whom each of the two is known to be already becomes one person with the other; one pair after another.
CREATE FUNCTION link_records() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '.link', 0));
    UPDATE person_link
    SET person_id = new.one
    WHERE person_id IN (SELECT l.person_id FROM person_link AS l WHERE l.record_id IN (new.one, new.other));
    INSERT INTO person_link (record_id, person_id) VALUES (new.one, new.one), (new.other, new.one)
    ON CONFLICT (record_id) DO NOTHING;
    RETURN NULL;
END
$$;

CREATE TRIGGER possible_duplicate_linked AFTER UPDATE ON possible_duplicate
FOR EACH ROW WHEN (old.state <> 'linked' AND new.state = 'linked') EXECUTE FUNCTION link_records();

-- The other active records of a record's person that are in scope, as a list; read of when the record is, and audited.
CREATE FUNCTION same_person(
    p_user uuid, p_session uuid, p_register text, p_orgs uuid [], p_own boolean, p_record uuid
) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    person uuid := (SELECT l.person_id FROM person_link AS l WHERE l.record_id = p_record);
    others jsonb;
    shown uuid [];
BEGIN
    IF person IS NULL THEN
        RETURN '[]'::jsonb;
    END IF;
    SELECT
        jsonb_agg(jsonb_build_object(
            'record_id', r.id, 'reference', r.reference, 'organisation_id', r.organisation_id, 'rating', r.rating
        ) ORDER BY r.created_at, r.id),
        array_agg(r.id)
    INTO others, shown
    FROM person_link AS l
    JOIN record AS r
        ON r.id = l.record_id AND r.register_code = p_register AND r.organisation_id = ANY(p_orgs) AND r.status = 0
            AND (NOT p_own OR r.created_by = p_user)
    WHERE l.person_id = person AND l.record_id <> p_record;
    IF shown IS NOT NULL THEN
        INSERT INTO audit (actor, session, action, register, subjects)
        VALUES (p_user, p_session, 'record.same_person_read', p_register, shown);
    END IF;
    RETURN coalesce(others, '[]'::jsonb);
END
$$;

-- As before, and nobody twice without being asked: `verdict` is repeated, likely_duplicate (`seen` are those of the matches
-- that the asker may see, the newest first) or duplicate_unseen; no row comes back when the record was added. `p_anyway`:
-- the asker has seen them. `p_unseen`: said where a match that may not be seen is refused too, else silent.
-- squawk-ignore ban-drop-function
DROP FUNCTION submit_record;

CREATE FUNCTION submit_record(
    p_user uuid, p_session uuid, p_register text, p_role text, p_orgs uuid [], p_own boolean,
    p_command uuid, p_hash bytea, p_answer jsonb,
    p_record uuid, p_reference text, p_edition text, p_organisation uuid, p_user_name text,
    p_rating text, p_locality text, p_given_name text, p_family_name text, p_born date, p_nhs_number text,
    p_postcode text, p_search text, p_answers jsonb, p_fields text [],
    p_event_ids uuid [], p_event_subjects text [], p_event_types text [], p_event_bodies jsonb [],
    p_keys text [], p_unseen text, p_anyway boolean
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
            WHERE r.id = ANY(matches) AND r.organisation_id = ANY(p_orgs) AND (NOT p_own OR r.created_by = p_user)
            ORDER BY r.created_at DESC, r.id DESC
        );
        refusal := CASE
            WHEN NOT p_anyway AND cardinality(visible) > 0 THEN 'likely_duplicate'
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

-- Pairs and persons are seen by who sees both records, and pairs are decided by administrators. A record that is linked
-- to one out of sight looks like any other.
DO $$
DECLARE
    app text := current_schema() || '_app';
    owner text := current_schema() || '_owner';
    in_register text := 'register_code = (SELECT current_setting(''app.register'', true))';
    in_sight text := 'EXISTS (SELECT FROM record AS r WHERE r.id = %I)';
    readers text := '(SELECT current_setting(''app.role'', true) IN (''standard'', ''reporting'', ''administrator''))';
    deciders text := '(SELECT current_setting(''app.role'', true) = ''administrator'')';
    each text;
BEGIN
    FOREACH each IN ARRAY ARRAY['record_key', 'possible_duplicate', 'person_link'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', each);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', each);
        EXECUTE format('CREATE POLICY owner ON %I TO %I USING (true) WITH CHECK (true)', each, owner);
    END LOOP;
    EXECUTE format('CREATE POLICY scope ON person_link TO %I USING (%s)', app, format(in_sight, 'record_id'));
    EXECUTE format('CREATE POLICY roles ON person_link AS RESTRICTIVE TO %I USING (%s)', app, readers);
    EXECUTE format('CREATE POLICY scope ON possible_duplicate TO %I USING (%s AND %s AND %s)', app, in_register,
        format(in_sight, 'one'), format(in_sight, 'other'));
    EXECUTE format('CREATE POLICY roles ON possible_duplicate AS RESTRICTIVE TO %I USING (%s) WITH CHECK (%s)', app,
        deciders, deciders);

    EXECUTE format('GRANT SELECT ON possible_duplicate, person_link TO %I', app);
    EXECUTE format('GRANT UPDATE (state, decided_by, decided_by_name, decided_at) ON possible_duplicate TO %I', app);
    EXECUTE 'REVOKE ALL ON FUNCTION forget_keys, lock_keys, claim_keys, flag_matches, keep_keys, record_came_back, '
        'read_without_keys, key_record, link_records, same_person, submit_record FROM PUBLIC';
    EXECUTE format('GRANT EXECUTE ON FUNCTION claim_keys, flag_matches, keep_keys, read_without_keys, key_record, '
        'same_person, submit_record TO %I', app);
END
$$;

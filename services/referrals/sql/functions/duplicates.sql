-- Likely duplicates: the keys by which records are compared, the pairs that match, and the records linked as one
-- person.

-- Replace the keys of a record, and flag the matches of keys that it did not have before.
CREATE OR REPLACE FUNCTION keep_keys(p_record uuid, p_register text, p_keys text [], p_rules text []) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    fresh text [] := replace_keys(p_record, p_register, p_keys, p_rules);
BEGIN
    IF cardinality(fresh) > 0 THEN
        PERFORM flag_matches(p_record, p_register, fresh);
    END IF;
END
$$;

-- Replace the keys of a record, and return those that it did not have before. Only functions with the owner's rights
-- call it.
CREATE OR REPLACE FUNCTION replace_keys(p_record uuid, p_register text, p_keys text [], p_rules text [])
RETURNS text []
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
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
        INSERT INTO record_key (record_id, register_code, key, rule)
        SELECT p_record, p_register, w.key, w.rule FROM unnest(p_keys, p_rules) AS w (key, rule) WHERE w.key = ANY(fresh);
    END IF;
    RETURN fresh;
END
$$;

CREATE OR REPLACE FUNCTION forget_keys() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM record_key WHERE record_id = old.id;
    RETURN NULL;
END
$$;

-- Flag the pairs that a record forms by new keys. If the other record is archived, its dismissed pair is reopened at
-- once. The pair becomes visible when both records are active.
CREATE OR REPLACE FUNCTION flag_matches(p_record uuid, p_register text, p_keys text []) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM flag_pairs(p_record, p_register, p_keys, true);
    UPDATE possible_duplicate AS d
    SET state = 'open', found_at = now(), decided_by = NULL, decided_by_name = NULL, decided_at = NULL
    WHERE d.state = 'dismissed' AND p_record IN (d.one, d.other) AND EXISTS (
        SELECT
        FROM record_key AS k
        JOIN record AS r ON r.id = k.record_id AND NOT r.is_open
        WHERE k.record_id IN (d.one, d.other) AND k.record_id <> p_record AND k.register_code = p_register
            AND k.key = ANY(p_keys)
    );
END
$$;

-- Flag the pairs that a record forms by these keys, each by its first matching key, and at most twenty, with the newest
-- records. `p_reopen`: the keys are new, so they reopen a dismissed pair.
CREATE OR REPLACE FUNCTION flag_pairs(p_record uuid, p_register text, p_keys text [], p_reopen boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO possible_duplicate AS d (one, other, register_code, rule)
    SELECT least(p_record, m.id), greatest(p_record, m.id), p_register, m.rule
    FROM (
        SELECT DISTINCT ON (r.id) r.id, r.created_at, k.rule
        FROM unnest(p_keys) WITH ORDINALITY AS w (key, place)
        JOIN record_key AS k ON k.register_code = p_register AND k.key = w.key
        JOIN record AS r ON r.id = k.record_id AND r.is_open
        WHERE r.id <> p_record AND EXISTS (SELECT FROM record AS own WHERE own.id = p_record AND own.is_open)
        ORDER BY r.id, w.place
    ) AS m
    ORDER BY m.created_at DESC
    LIMIT 20
    ON CONFLICT (one, other) DO UPDATE
    SET state = 'open', rule = excluded.rule, found_at = excluded.found_at,
        decided_by = NULL, decided_by_name = NULL, decided_at = NULL
    WHERE p_reopen AND d.state = 'dismissed';
END
$$;

-- Compare a reinstated record with those added meanwhile. A dismissed pair stays dismissed, since neither record has
-- changed.
CREATE OR REPLACE FUNCTION record_came_back() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    keys text [] := ARRAY(SELECT k.key FROM record_key AS k WHERE k.record_id = new.id);
BEGIN
    PERFORM lock_keys(new.register_code, keys);
    PERFORM flag_pairs(new.id, new.register_code, keys, false);
    RETURN NULL;
END
$$;

-- Link the two records, and all records already linked to either of them, as one person, and let the feed say so. Only
-- one pair is linked at a time.
CREATE OR REPLACE FUNCTION link_records() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '.link', 0));
    UPDATE person_link
    SET person_id = new.one
    WHERE person_id IN (SELECT l.person_id FROM person_link AS l WHERE l.record_id IN (new.one, new.other));
    INSERT INTO person_link (record_id, person_id) VALUES (new.one, new.one), (new.other, new.one)
    ON CONFLICT (record_id) DO NOTHING;
    PERFORM feed_again(ARRAY(SELECT l.record_id FROM person_link AS l WHERE l.person_id = new.one));
    RETURN NULL;
END
$$;

-- Return which of these active records are linked with other active ones that the user may see, and the ratings of those
-- others. Audited, in one round trip.
CREATE OR REPLACE FUNCTION list_linked(p_scope jsonb, p_records uuid []) RETURNS TABLE (record_id uuid, ratings text [])
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    scope record := open_scope(p_scope);
    owns uuid [];
    others uuid [];
BEGIN
    SELECT array_agg(l.record_id), array_agg(m.record_id) INTO owns, others
    FROM person_link AS l
    JOIN person_link AS m ON m.person_id = l.person_id AND m.record_id <> l.record_id
    JOIN record AS own ON own.id = l.record_id AND own.is_open
    JOIN record AS r ON r.id = m.record_id AND r.is_open
    WHERE l.record_id = ANY(p_records)
        AND own.register_code = scope.register_code AND r.register_code = scope.register_code
        AND (scope.compartment_ids IS NULL
            OR own.compartment_id = ANY(scope.compartment_ids) AND r.compartment_id = ANY(scope.compartment_ids));
    IF owns IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO audit (actor, session, action, register, subjects)
    VALUES (scope.user_id, scope.session_id, 'record.same_person_read', scope.register_code,
        ARRAY(SELECT DISTINCT o.id FROM unnest(others) AS o (id) ORDER BY o.id));
    RETURN QUERY
    SELECT p.own, coalesce(array_agg(r.rating ORDER BY r.id) FILTER (WHERE r.rating IS NOT NULL), '{}')
    FROM unnest(owns, others) AS p (own, other)
    JOIN record AS r ON r.id = p.other
    GROUP BY p.own;
END
$$;

GRANT EXECUTE ON FUNCTION
keep_keys(uuid, text, text [], text []), list_linked(jsonb, uuid [])
TO referrals_app;

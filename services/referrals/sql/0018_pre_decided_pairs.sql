-- A pair that was told apart stays so when one of the two comes back to its register: nothing about either is new by
-- that. What is new about one while the other is archived opens the pair again at once, to be seen when both are active.

-- As `flag_matches` was; `p_anew`: the keys are new ones, so that a pair which was dismissed opens again by them.
CREATE FUNCTION flag_pairs(p_record uuid, p_register text, p_keys text [], p_anew boolean) RETURNS void
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
    WHERE p_anew AND d.state = 'dismissed';
END
$$;

CREATE OR REPLACE FUNCTION flag_matches(p_record uuid, p_register text, p_keys text []) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM flag_pairs(p_record, p_register, p_keys, true);
    UPDATE possible_duplicate AS d
    SET state = 'open', found_at = now(), decided_by = NULL, decided_by_name = NULL, decided_at = NULL
    WHERE d.state = 'dismissed' AND p_record IN (d.one, d.other) AND EXISTS (
        SELECT
        FROM record_key AS k
        JOIN record AS r ON r.id = k.record_id AND r.status = 1
        WHERE k.record_id IN (d.one, d.other) AND k.record_id <> p_record AND k.register_code = p_register
            AND k.key = ANY(p_keys)
    );
END
$$;

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

DO $$
BEGIN
    REVOKE ALL ON FUNCTION flag_pairs(uuid, text, text [], boolean) FROM PUBLIC;
END
$$;

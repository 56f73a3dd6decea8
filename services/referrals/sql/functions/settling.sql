-- Settling records that were added or renamed: their words, keys and spelling are written as the service would write
-- them now, and pairs that may be about one person are flagged for the register's team. All of it with the owner's
-- rights, since it covers all registers and compartments. Doing it twice changes nothing.

-- Return records to settle, at most `p_most` entries of the list, with what is stored about each. A record that was
-- deleted meanwhile has only its entries. `p_registers` and `p_editions`, side by side, are the editions that are served:
-- records of any other stay on the list.
CREATE OR REPLACE FUNCTION find_unsettled(p_most integer, p_registers text [], p_editions text []) RETURNS TABLE (
    entries bigint [], record_id uuid, reference text, register_code text, edition text, version integer,
    is_open boolean, answers jsonb, search text, sort_name text, keys text []
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    RETURN QUERY
    SELECT w.entries, r.id, r.reference, r.register_code, r.edition, r.version, r.is_open, r.answers, r.search,
        r.sort_name, ARRAY(SELECT k.key FROM record_key AS k WHERE k.record_id = r.id)
    FROM (
        SELECT u.record_id, array_agg(u.id) AS entries
        FROM (
            SELECT l.id, l.record_id
            FROM record_unsettled AS l
            LEFT JOIN record AS o ON o.id = l.record_id
            WHERE o.id IS NULL
                OR (o.register_code, o.edition) IN (SELECT * FROM unnest(p_registers, p_editions))
            ORDER BY l.id
            LIMIT p_most
        ) AS u
        GROUP BY u.record_id
    ) AS w
    LEFT JOIN record AS r ON r.id = w.record_id;
END
$$;

-- Write the words, keys and spelling of records of one register again, except those that were saved meanwhile. Each key
-- stands beside its record and its rule. All keys are locked before any record, as in every other write. A dismissed pair
-- stays dismissed, since neither record has changed.
CREATE OR REPLACE FUNCTION refold_records(
    p_register text, p_records uuid [], p_versions integer [], p_searches text [], p_sort_names text [],
    p_keyed uuid [], p_keys text [], p_rules text []
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    each record;
BEGIN
    PERFORM lock_keys(p_register, p_keys);
    FOR each IN
        UPDATE record AS r
        SET search = w.search, sort_name = w.sort_name
        FROM unnest(p_records, p_versions, p_searches, p_sort_names) AS w (record_id, version, search, sort_name)
        WHERE r.id = w.record_id AND r.version = w.version
        RETURNING r.id
    LOOP
        PERFORM flag_pairs(each.id, p_register, replace_keys(
            each.id, p_register, coalesce(array_agg(k.key ORDER BY k.place), '{}'),
            coalesce(array_agg(k.rule ORDER BY k.place), '{}')
        ), false)
        FROM unnest(p_keyed, p_keys, p_rules) WITH ORDINALITY AS k (record_id, key, rule, place)
        WHERE k.record_id = each.id;
    END LOOP;
END
$$;

-- Return open records of the same register to compare with each wanted one, by what the index finds: some that were born
-- on the same day; all of these whose names begin so, for a day that stands for many who do not know theirs; and those
-- with one of the names who were born on one of the days. Each part has a limit, so that no record is compared with all.
CREATE OR REPLACE FUNCTION find_alike(p_wanted jsonb) RETURNS TABLE (
    wanted_id uuid, record_id uuid, given_name text, family_name text, born date, nhs_number text
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT DISTINCT w.record_id, r.id, r.given_name, r.family_name, r.born, r.nhs_number
    FROM jsonb_array_elements(p_wanted) AS each (item)
    CROSS JOIN LATERAL jsonb_to_record(each.item) AS w (
        record_id uuid, register_code text, born date, beginnings text [], names text [], days date []
    )
    CROSS JOIN LATERAL (
        (SELECT o.id FROM record AS o WHERE o.register_code = w.register_code AND o.born = w.born AND o.is_open LIMIT 200)
        UNION ALL
        SELECT b.id
        FROM unnest(w.beginnings) AS t (beginning)
        CROSS JOIN LATERAL (
            SELECT o.id
            FROM record AS o
            WHERE o.register_code = w.register_code AND o.born = w.born AND o.is_open
                AND o.sort_name >= t.beginning AND o.sort_name < t.beginning || chr(1114111)
            LIMIT 200
        ) AS b
        UNION ALL
        (
            SELECT o.id
            FROM record AS o
            WHERE o.register_code = w.register_code AND o.sort_name = ANY(w.names) AND o.born = ANY(w.days) AND o.is_open
            LIMIT 200
        )
    ) AS a
    JOIN record AS r ON r.id = a.id
    WHERE a.id <> w.record_id
        AND check_keys(each.item, ARRAY['record_id', 'register_code', 'born', 'beginnings', 'names', 'days']);
END
$$;

-- Flag pairs of open records that were not flagged before, and take these entries off the list.
CREATE OR REPLACE FUNCTION flag_alike(p_pairs jsonb, p_entries bigint []) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO possible_duplicate (one, other, register_code, rule)
    SELECT r.id, o.id, r.register_code, p.rule
    FROM jsonb_array_elements(p_pairs) AS each (item)
    CROSS JOIN LATERAL jsonb_to_record(each.item) AS p (one uuid, other uuid, rule text)
    JOIN record AS r ON r.id = p.one AND r.is_open
    JOIN record AS o ON o.id = p.other AND o.is_open AND o.register_code = r.register_code
    WHERE check_keys(each.item, ARRAY['one', 'other', 'rule'])
    ON CONFLICT (one, other) DO NOTHING;
    DELETE FROM record_unsettled WHERE id = ANY(p_entries);
END
$$;

GRANT EXECUTE ON FUNCTION
find_unsettled(integer, text [], text []),
refold_records(text, uuid [], integer [], text [], text [], uuid [], text [], text []), find_alike(jsonb),
flag_alike(jsonb, bigint [])
TO referrals_background;

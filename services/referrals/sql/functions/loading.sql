-- Rows of a spreadsheet as records and versions, many in each statement. They leave every table as `submit_record` and
-- `save_version` do, with the act `loaded`. The caller judges, and audits all rows of a transaction in one row.

-- Set the visitor's context, and lock the keys of all rows and then the records that they change. Return the versions of
-- those records that are open and in scope.
CREATE OR REPLACE FUNCTION hold_rows(p_scope jsonb, p_keys text [], p_records uuid []) RETURNS TABLE (
    record_id uuid, version integer
)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    scope record := open_scope(p_scope);
BEGIN
    PERFORM lock_all_keys(scope.register_code, p_keys);
    RETURN QUERY
    SELECT r.id, r.version
    FROM record AS r
    WHERE r.id = ANY(p_records) AND r.is_open AND r.register_code = scope.register_code
        AND (scope.compartment_ids IS NULL OR r.compartment_id = ANY(scope.compartment_ids))
        AND (NOT scope.own_records_only OR r.created_by = scope.user_id OR r.id = ANY(held_ids()))
    ORDER BY r.id
    FOR NO KEY UPDATE;
END
$$;

-- Lock the keys of all rows, as `find_matches` does for one.
CREATE OR REPLACE FUNCTION lock_all_keys(p_register text, p_keys text []) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT lock_keys(p_register, p_keys)
$$;

-- Return the open records that share a key with each row, as `find_matches` does for one. Each key stands beside the
-- record of its row. The keys must be locked.
CREATE OR REPLACE FUNCTION match_rows(p_register text, p_keyed uuid [], p_keys text []) RETURNS TABLE (
    row_id uuid, record_id uuid, has_nhs_number boolean, rules text []
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan AS $$
    SELECT w.row_id, r.id, r.nhs_number IS NOT NULL, array_agg(k.rule)
    FROM unnest(p_keyed, p_keys) AS w (row_id, key)
    INNER JOIN record_key AS k ON k.register_code = p_register AND k.key = w.key
    INNER JOIN record AS r ON r.id = k.record_id AND r.is_open
    WHERE r.id <> w.row_id AND NOT EXISTS (
        SELECT
        FROM person_link AS l
        INNER JOIN person_link AS m ON m.person_id = l.person_id
        WHERE l.record_id = w.row_id AND m.record_id = r.id
    )
    GROUP BY w.row_id, r.id, r.nhs_number
$$;

-- Return the matches of rows in the visitor's register. Rules must know of those that the user may not see, and the
-- service never shows them.
CREATE OR REPLACE FUNCTION compare_rows(p_scope jsonb, p_keyed uuid [], p_keys text []) RETURNS TABLE (
    row_id uuid, record_id uuid, has_nhs_number boolean, rules text []
)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    scope record := open_scope(p_scope);
BEGIN
    RETURN QUERY
    SELECT m.row_id, m.record_id, m.has_nhs_number, m.rules FROM match_rows(scope.register_code, p_keyed, p_keys) AS m;
END
$$;

-- Return the beginning of a day in London.
CREATE OR REPLACE FUNCTION day_began(p_day date) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT p_day::timestamp AT TIME ZONE 'Europe/London'
$$;

-- Return contents of versions in their order, as `read_content` does for one.
CREATE OR REPLACE FUNCTION read_contents(p_contents jsonb) RETURNS TABLE (
    place bigint, answers jsonb, rating text, search text, sort_name text, locality text, given_name text,
    family_name text, born date, nhs_number text, postcode text
)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT
        each.place, c.answers, c.rating, c.search, c.sort_name, c.locality, c.given_name, c.family_name, c.born,
        c.nhs_number, c.postcode
    FROM jsonb_array_elements(p_contents) WITH ORDINALITY AS each (item, place)
    CROSS JOIN LATERAL jsonb_to_record(each.item) AS c (
        answers jsonb, rating text, search text, sort_name text, locality text, given_name text, family_name text,
        born date, nhs_number text, postcode text, keys text [], key_rules text [], judged jsonb
    )
    WHERE check_keys(each.item, ARRAY[
        'answers', 'rating', 'search', 'sort_name', 'locality', 'given_name', 'family_name', 'born', 'nhs_number',
        'postcode', 'keys', 'key_rules', 'judged'
    ])
$$;

-- Add records, and return their ids. A row whose reference another record has is left out. `p_contents` are in the order
-- of `p_rows`. Each key stands beside its record and its rule. `p_matched` are the records whose matches are flagged.
CREATE OR REPLACE FUNCTION load_records(
    p_scope jsonb, p_rows jsonb, p_contents jsonb, p_keyed uuid [], p_keys text [], p_rules text [], p_matched uuid []
) RETURNS uuid []
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    scope record := open_scope(p_scope);
    added uuid [];
BEGIN
    WITH inserted AS (
        INSERT INTO record (
            id, reference, register_code, edition, state, compartment_id, organisation_id, created_by, created_by_name,
            created_at, updated_at, rating, rated_at, is_told, overlay, ends_on, awaiting, locality, given_name, family_name, born,
            nhs_number, postcode, search, sort_name, answers
        )
        SELECT
            w.record_id, w.reference, scope.register_code, w.edition, w.state, w.compartment_id, w.organisation_id,
            scope.user_id, scope.full_name, coalesce(day_began(w.added_on), now()), now(), c.rating,
            coalesce(day_began(w.rated_on), now()), false,
            (SELECT coalesce(max(o.version), 0) FROM overlay AS o WHERE o.register_code = scope.register_code), w.ends_on, w.awaiting, c.locality, c.given_name,
            c.family_name, c.born, c.nhs_number, c.postcode, c.search, c.sort_name, c.answers
        FROM jsonb_array_elements(p_rows) WITH ORDINALITY AS each (item, place)
        CROSS JOIN LATERAL jsonb_to_record(each.item) AS w (
            record_id uuid, reference text, edition text, state text, compartment_id uuid, organisation_id uuid,
            ends_on date, awaiting boolean, added_on date, rated_on date
        )
        INNER JOIN read_contents(p_contents) AS c ON c.place = each.place
        WHERE check_keys(each.item, ARRAY[
            'record_id', 'reference', 'edition', 'state', 'compartment_id', 'organisation_id', 'ends_on', 'awaiting',
            'added_on', 'rated_on'
        ])
        ON CONFLICT (reference) DO NOTHING
        RETURNING id
    )
    SELECT coalesce(array_agg(i.id), '{}') INTO added FROM inserted AS i;
    INSERT INTO record_version (
        record_id, version, act, changed_at, changed_by, changed_by_name, edition, overlay, rated_at, answers
    )
    SELECT r.id, 0, 'loaded', now(), scope.user_id, scope.full_name, r.edition, r.overlay,
        nullif(r.rated_at, now()), r.answers
    FROM record AS r
    WHERE r.id = ANY(added);
    PERFORM load_keys(scope.register_code, added, p_keyed, p_keys, p_rules, p_matched);
    RETURN added;
END
$$;

-- Give their keys to new records, and flag the matches of some.
CREATE OR REPLACE FUNCTION load_keys(
    p_register text, p_records uuid [], p_keyed uuid [], p_keys text [], p_rules text [], p_matched uuid []
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO record_key (record_id, register_code, key, rule)
    SELECT w.record_id, p_register, w.key, w.rule
    FROM unnest(p_keyed, p_keys, p_rules) AS w (record_id, key, rule)
    WHERE w.record_id = ANY(p_records);
    PERFORM flag_matches(w.record_id, p_register, array_agg(w.key ORDER BY w.place))
    FROM unnest(p_keyed, p_keys) WITH ORDINALITY AS w (record_id, key, place)
    WHERE w.record_id = ANY(p_matched) AND w.record_id = ANY(p_records)
    GROUP BY w.record_id
    ORDER BY min(w.place);
END
$$;

-- Save new answers of records, each if it is in scope and still has its version. Return the records that were saved.
-- `p_rekeyed` are the records that get new keys, and `p_matched` those of them that share a key with another one.
CREATE OR REPLACE FUNCTION load_versions(
    p_scope jsonb, p_rows jsonb, p_contents jsonb, p_rekeyed uuid [], p_keyed uuid [], p_keys text [], p_rules text [],
    p_matched uuid []
) RETURNS uuid []
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    scope record := open_scope(p_scope);
    saved uuid [];
BEGIN
    WITH updated AS (
        UPDATE record AS r
        SET version = r.version + 1, updates = r.updates + 1, state = w.state, is_open = w.is_open,
            ended_at = CASE WHEN w.is_open THEN NULL ELSE now() END,
            updated_at = CASE WHEN w.is_open THEN now() ELSE r.updated_at END,
            compartment_id = w.compartment_id, ends_on = w.ends_on, awaiting = w.awaiting, rating = c.rating,
            rated_at = CASE WHEN w.rerated THEN coalesce(day_began(w.rated_on), now()) ELSE r.rated_at END,
            is_told = r.is_told AND NOT w.untells, locality = c.locality, given_name = c.given_name,
            family_name = c.family_name, born = c.born, nhs_number = c.nhs_number, postcode = c.postcode,
            search = c.search, sort_name = c.sort_name,
            answers = (r.answers - ARRAY(SELECT a ->> 0 FROM jsonb_array_elements(w.changes) AS a)) || c.answers
        FROM read_loaded(p_rows) AS w
        INNER JOIN read_contents(p_contents) AS c ON c.place = w.place
        WHERE r.id = w.record_id AND r.version = w.version AND r.is_open AND r.register_code = scope.register_code
            AND (scope.compartment_ids IS NULL OR r.compartment_id = ANY(scope.compartment_ids))
            AND (NOT scope.own_records_only OR r.created_by = scope.user_id OR r.id = ANY(held_ids()))
        RETURNING r.id, r.version, r.edition, r.overlay, r.answers, w.changes, w.withdraws,
            CASE WHEN w.rerated THEN day_began(w.rated_on) END AS rated_at
    ), kept AS (
        INSERT INTO record_version (
            record_id, version, act, changed_at, changed_by, changed_by_name, edition, overlay, changes, rated_at, answers
        )
        SELECT u.id, u.version, 'loaded', now(), scope.user_id, scope.full_name, u.edition, u.overlay, u.changes,
            u.rated_at, u.answers
        FROM updated AS u
        RETURNING record_id
    ), withdrawn AS (
        UPDATE ending_decision AS d SET withdrawn_at = now()
        FROM updated AS u
        WHERE u.withdraws AND d.record_id = u.id AND d.withdrawn_at IS NULL
    )
    SELECT coalesce(array_agg(k.record_id), '{}') INTO saved FROM kept AS k;
    PERFORM change_keys(scope.register_code, saved, p_rekeyed, p_keyed, p_keys, p_rules, p_matched);
    RETURN saved;
END
$$;

-- Return versions to be saved in their order. `rerated`: the date of the rating is new. `untells`: a notice would tell of
-- the rating, and nobody is told of a row. `withdraws`: decisions about the end of the record no longer hold.
CREATE OR REPLACE FUNCTION read_loaded(p_rows jsonb) RETURNS TABLE (
    place bigint, record_id uuid, version integer, compartment_id uuid, state text, is_open boolean, ends_on date,
    awaiting boolean, withdraws boolean, rerated boolean, rated_on date, untells boolean, changes jsonb
)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT
        each.place, w.record_id, w.version, w.compartment_id, w.state, w.is_open, w.ends_on, w.awaiting, w.withdraws,
        w.rerated, w.rated_on, w.untells, w.changes
    FROM jsonb_array_elements(p_rows) WITH ORDINALITY AS each (item, place)
    CROSS JOIN LATERAL jsonb_to_record(each.item) AS w (
        record_id uuid, version integer, compartment_id uuid, state text, is_open boolean, ends_on date, awaiting boolean,
        withdraws boolean, rerated boolean, rated_on date, untells boolean, changes jsonb
    )
    WHERE check_keys(each.item, ARRAY[
        'record_id', 'version', 'compartment_id', 'state', 'is_open', 'ends_on', 'awaiting', 'withdraws', 'rerated',
        'rated_on', 'untells', 'changes'
    ])
$$;

-- Replace the keys of some of the saved records, and flag the matches of new keys, as `keep_keys` does for one.
CREATE OR REPLACE FUNCTION change_keys(
    p_register text, p_saved uuid [], p_rekeyed uuid [], p_keyed uuid [], p_keys text [], p_rules text [],
    p_matched uuid []
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM record_key AS k
    WHERE k.record_id = ANY(p_rekeyed) AND k.record_id = ANY(p_saved) AND NOT EXISTS (
        SELECT FROM unnest(p_keyed, p_keys) AS w (record_id, key) WHERE w.record_id = k.record_id AND w.key = k.key
    );
    WITH fresh AS (
        INSERT INTO record_key (record_id, register_code, key, rule)
        SELECT w.record_id, p_register, w.key, w.rule
        FROM unnest(p_keyed, p_keys, p_rules) AS w (record_id, key, rule)
        WHERE w.record_id = ANY(p_rekeyed) AND w.record_id = ANY(p_saved)
        ON CONFLICT DO NOTHING
        RETURNING record_id, key
    )
    SELECT array_agg(f.record_id), array_agg(f.key) INTO p_keyed, p_keys FROM fresh AS f;
    PERFORM flag_matches(f.record_id, p_register, array_agg(f.key ORDER BY f.place))
    FROM unnest(p_keyed, p_keys) WITH ORDINALITY AS f (record_id, key, place)
    WHERE f.record_id = ANY(p_matched) OR EXISTS (
        SELECT FROM possible_duplicate AS d
        WHERE d.state = 'dismissed' AND (d.one = f.record_id OR d.other = f.record_id)
    )
    GROUP BY f.record_id
    ORDER BY min(f.place);
END
$$;

GRANT EXECUTE ON FUNCTION
lock_all_keys(text, text []), hold_rows(jsonb, text [], uuid []), match_rows(text, uuid [], text []), compare_rows(jsonb, uuid [], text []), day_began(date), read_contents(jsonb),
load_records(jsonb, jsonb, jsonb, uuid [], text [], text [], uuid []),
load_keys(text, uuid [], uuid [], text [], text [], uuid []),
load_versions(jsonb, jsonb, jsonb, uuid [], uuid [], text [], text [], uuid []), read_loaded(jsonb),
change_keys(text, uuid [], uuid [], uuid [], text [], text [], uuid [])
TO referrals_app;

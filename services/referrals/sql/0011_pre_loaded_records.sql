-- Records that are loaded from a spreadsheet keep their own dates, and nobody is told of a single one of them.
--
-- `is_told`: a notice told the register's people of the record's present rating. It decides whether anybody is told
-- later that no one has seen a record. Notices told of the records that are there already. A record that is inserted by
-- other means, without a notice, was not told of. `rated_at` is when the rating of a version was given, if that was
-- before the version was saved.
ALTER TABLE record ADD COLUMN is_told boolean NOT NULL DEFAULT true;
ALTER TABLE record ALTER COLUMN is_told SET DEFAULT false;
ALTER TABLE record_version ADD COLUMN rated_at timestamptz;

-- The rows that are there satisfied a narrower condition.
-- squawk-ignore ban-drop-constraint
ALTER TABLE record_version DROP CONSTRAINT record_version_act_check;
ALTER TABLE record_version ADD CONSTRAINT record_version_act_check CHECK (
    act IN ('created', 'updated', 'reviewed', 'decided', 'archived', 'ended', 'reinstated', 'loaded')
) NOT VALID;

-- A statement that inserts many records names the overlay itself. The trigger does it for every other one.
DROP TRIGGER record_names_overlay ON record;
-- squawk-ignore ban-drop-default
ALTER TABLE record ALTER COLUMN overlay DROP DEFAULT;
CREATE TRIGGER record_names_overlay BEFORE INSERT ON record
FOR EACH ROW WHEN (new.overlay IS NULL) EXECUTE FUNCTION name_overlay();
CREATE TRIGGER record_names_new_overlay BEFORE UPDATE OF answers ON record
FOR EACH ROW EXECUTE FUNCTION name_overlay();

-- What follows from changes of records, once for each statement and not for each record.
CREATE FUNCTION records_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    rewritten uuid [];
BEGIN
    rewritten := ARRAY(
        SELECT a.id
        FROM before AS b
        INNER JOIN after AS a ON a.id = b.id
        WHERE (b.register_code, b.created_by, b.compartment_id, b.is_open, b.search)
            IS DISTINCT FROM (a.register_code, a.created_by, a.compartment_id, a.is_open, a.search)
    );
    UPDATE record_search AS s SET updated_at = a.updated_at
    FROM after AS a
    WHERE s.record_id = a.id AND s.updated_at <> a.updated_at AND a.id <> ALL(rewritten);
    INSERT INTO record_unsettled (record_id)
    SELECT a.id
    FROM before AS b
    INNER JOIN after AS a ON a.id = b.id
    WHERE (b.given_name, b.family_name, b.born, b.nhs_number, b.is_open)
        IS DISTINCT FROM (a.given_name, a.family_name, a.born, a.nhs_number, a.is_open);
    IF cardinality(rewritten) = 0 THEN
        RETURN NULL;
    END IF;
    INSERT INTO delta (register_code, created_by, compartment_id, is_open, n)
    SELECT m.register_code, m.created_by, m.compartment_id, m.is_open, sum(m.n)
    FROM (
        SELECT b.register_code, b.created_by, b.compartment_id, b.is_open, -1 AS n
        FROM before AS b WHERE b.id = ANY(rewritten)
        UNION ALL
        SELECT a.register_code, a.created_by, a.compartment_id, a.is_open, 1 FROM after AS a WHERE a.id = ANY(rewritten)
    ) AS m
    GROUP BY GROUPING SETS (
        (m.register_code, m.is_open), (m.register_code, m.compartment_id, m.is_open),
        (m.register_code, m.created_by, m.compartment_id, m.is_open)
    )
    HAVING sum(m.n) <> 0;
    DELETE FROM record_search WHERE record_id = ANY(rewritten);
    DELETE FROM record_word WHERE record_id = ANY(rewritten);
    INSERT INTO record_search (record_id, register_code, compartment_id, created_by, updated_at, search)
    SELECT a.id, a.register_code, a.compartment_id, a.created_by, a.updated_at, without_numbers(a.search)
    FROM after AS a
    WHERE a.id = ANY(rewritten) AND a.is_open;
    INSERT INTO record_word (record_id, register_code, compartment_id, created_by, word)
    SELECT a.id, a.register_code, a.compartment_id, a.created_by, w.word
    FROM after AS a, unnest(string_to_array(ltrim(a.search), ' ')) AS w (word)
    WHERE a.id = ANY(rewritten) AND a.is_open AND w.word <> '';
    RETURN NULL;
END
$$;
DROP TRIGGER record_changed ON record;
DROP TRIGGER record_touched ON record;
DROP TRIGGER record_renamed ON record;
-- Only the triggers called them.
-- squawk-ignore ban-drop-function
DROP FUNCTION record_touched();
-- squawk-ignore ban-drop-function
DROP FUNCTION record_renamed();
CREATE TRIGGER records_changed AFTER UPDATE ON record
REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION records_changed();

-- New search text waits in a short list, and gets into the index many at a time (see `clean_search`).
ALTER INDEX record_search_within SET (fastupdate = on, gin_pending_list_limit = 1024);

DO $$
BEGIN
    EXECUTE format('GRANT UPDATE (is_told) ON record TO %I', current_schema() || '_app');
END
$$;

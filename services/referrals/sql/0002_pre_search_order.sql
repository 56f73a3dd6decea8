-- Searches show the last updated records first, and only those in scope. So the search text says when its record was
-- last updated, and is read through a view with the condition of the policies: `search_ids` has its owner's rights, and
-- no policy would apply. `created_by` is null only for a record that was added while this file was applied.
-- The column takes the table anyway, and an index over all rows is built faster than row by row.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX record_search_within;
ALTER TABLE record_search
ADD COLUMN created_by uuid,
ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
UPDATE record_search AS s
SET created_by = r.created_by, updated_at = r.updated_at
FROM record AS r
WHERE r.id = s.record_id;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX record_search_within ON record_search
USING gin (compartment_id, search extensions.gin_trgm_ops) WITH (fastupdate = off);
-- Room in each page, so that a new time does not write the index again.
ALTER TABLE record_search SET (fillfactor = 80);

DO $$
DECLARE
    in_scope text := (
        SELECT string_agg(p.qual, ' AND ' ORDER BY p.policyname)
        FROM pg_policies AS p
        WHERE p.schemaname = current_schema() AND p.tablename = 'record_word' AND p.policyname IN ('scope', 'roles')
    );
BEGIN
    EXECUTE 'CREATE VIEW record_search_in_scope AS SELECT record_id, register_code, compartment_id, search, updated_at '
        'FROM record_search WHERE ' || in_scope;
END
$$;

CREATE FUNCTION record_touched() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE record_search SET updated_at = new.updated_at WHERE record_id = new.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER record_touched AFTER UPDATE ON record
FOR EACH ROW
WHEN (
    old.updated_at <> new.updated_at
    AND (old.register_code, old.created_by, old.compartment_id, old.is_open, old.search)
    IS NOT DISTINCT FROM (new.register_code, new.created_by, new.compartment_id, new.is_open, new.search)
)
EXECUTE FUNCTION record_touched();

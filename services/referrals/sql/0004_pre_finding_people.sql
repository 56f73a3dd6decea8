-- People are sorted and compared by one folded spelling of their names, which the service writes (`sort_key`). It is
-- null in a record that an older process saved, until `refold_records` has written it.
--
-- `record_unsettled` lists records to look at again: their search text, keys and spelling are written again if they are
-- no longer as the service would write them, and open records are compared with those that may be about the same
-- person. No save waits for that, so a record may be listed more than once. There is no grant: only functions read it.
ALTER TABLE record ADD COLUMN sort_name text COLLATE "C";

CREATE TABLE record_unsettled (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    record_id uuid NOT NULL
);
INSERT INTO record_unsettled (record_id) SELECT r.id FROM record AS r ORDER BY r.is_open DESC, r.updated_at DESC;

-- The column takes the table anyway, and both indexes are small.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX record_by_birth ON record (register_code, born, sort_name) WHERE is_open;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX record_by_name ON record (register_code, sort_name) WHERE is_open;

CREATE FUNCTION record_renamed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO record_unsettled (record_id) VALUES (new.id);
    RETURN NULL;
END
$$;

CREATE TRIGGER record_renamed AFTER UPDATE ON record
FOR EACH ROW
WHEN (
    (old.given_name, old.family_name, old.born, old.nhs_number, old.is_open)
    IS DISTINCT FROM (new.given_name, new.family_name, new.born, new.nhs_number, new.is_open)
)
EXECUTE FUNCTION record_renamed();

DO $$
BEGIN
    EXECUTE format('GRANT UPDATE (sort_name) ON record TO %I', current_schema() || '_app');
END
$$;

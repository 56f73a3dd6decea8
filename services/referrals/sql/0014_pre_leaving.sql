-- Why a record was archived, as answers to its register's form of that name. Records that were archived before have none.
ALTER TABLE record_version ADD COLUMN leaving jsonb;

-- Roles that may read archived records look for them by name, date of birth and NHS number. The index holds ended records
-- alone, and is small.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX record_ended_search ON record USING gin (search extensions.gin_trgm_ops) WHERE NOT is_open;

-- Records of people who were on the register before: a record, and one that had ended when the two first had a key in
-- common. It stays when names or numbers are corrected later. The service reaches it only through functions.
CREATE TABLE record_return (
    record_id uuid NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    ended_id uuid NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    found_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (record_id, ended_id)
);
CREATE INDEX record_return_of_ended ON record_return (ended_id);
INSERT INTO record_return (record_id, ended_id)
SELECT DISTINCT o.id, e.id
FROM record AS e
INNER JOIN record_key AS k ON k.record_id = e.id
INNER JOIN record_key AS n ON n.register_code = k.register_code AND n.key = k.key AND n.record_id <> k.record_id
INNER JOIN record AS o ON o.id = n.record_id AND o.is_open
WHERE NOT e.is_open;

CREATE FUNCTION link_ended() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF current_setting('row_security') = 'off' THEN
        RETURN NULL;
    END IF;
    INSERT INTO record_return (record_id, ended_id)
    SELECT DISTINCT o.id, e.id
    FROM added AS a
    INNER JOIN record AS o ON o.id = a.record_id AND o.is_open
    INNER JOIN record_key AS k ON k.register_code = a.register_code AND k.key = a.key AND k.record_id <> a.record_id
    INNER JOIN record AS e ON e.id = k.record_id AND NOT e.is_open
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER record_returned AFTER INSERT ON record_key
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION link_ended();

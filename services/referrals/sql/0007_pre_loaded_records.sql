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
ALTER TABLE record_version DROP CONSTRAINT record_version_act_check;
ALTER TABLE record_version ADD CONSTRAINT record_version_act_check CHECK (
    act IN ('created', 'updated', 'reviewed', 'decided', 'archived', 'ended', 'reinstated', 'loaded')
) NOT VALID;

DO $$
BEGIN
    EXECUTE format('GRANT UPDATE (is_told) ON record TO %I', current_schema() || '_app');
END
$$;

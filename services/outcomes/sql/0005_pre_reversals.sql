-- Archives that were made in error and reversed. Referrals alone reverses; here it is seen by the record's version, and
-- written down when the next outcome is recorded, so that one may archive the record again.

ALTER TABLE outcome ADD COLUMN reversed_at timestamptz;

-- The index holds a row for each archived record alone: it is made in a moment.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX outcome_ends_once;
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX outcome_ends_once ON outcome (record_id)
WHERE ending AND state IN ('pending', 'saved') AND reversed_at IS NULL;

-- The record is active with this version, so what archived an earlier one has been reversed. A pending outcome is left
-- alone: it has archived nothing yet, or nobody has been told. SECURITY DEFINER, for an outcome that counts changes in
-- nothing else, and nobody else may change one.
CREATE FUNCTION mark_reversed(p_record uuid, p_version integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    UPDATE outcome
    SET reversed_at = clock_timestamp()
    WHERE record_id = p_record AND ending AND state = 'saved' AND reversed_at IS NULL AND record_version < p_version
$$;

DO $$
DECLARE
    app text := current_schema() || '_app';
BEGIN
    EXECUTE 'REVOKE ALL ON FUNCTION mark_reversed(uuid, integer) FROM PUBLIC';
    EXECUTE format('GRANT EXECUTE ON FUNCTION mark_reversed(uuid, integer) TO %I', app);
END
$$;

-- The report of records that lack answers finds them by what they are counted for, and few records lack any. Copies from
-- before get these counts by a rebuild, which begins when the service starts.
-- One page of copies waits for the index, and no user.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX record_copy_with_gaps ON record_copy (register_code, created_at, record_id)
WHERE counted @> '[{"question": "#gap"}]';

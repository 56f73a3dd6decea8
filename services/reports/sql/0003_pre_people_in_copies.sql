-- What reports order and count people by: who holds a record, the person that linked records are about, and the text by
-- which lists sort people. Copies from before get them by a rebuild, which begins when the service starts.
ALTER TABLE record_copy
ADD COLUMN holder text NOT NULL DEFAULT '',
ADD COLUMN person_id uuid,
ADD COLUMN sort_name text COLLATE "C" NOT NULL DEFAULT '';
UPDATE feed SET counted_by = '' WHERE source = 'referrals';
-- The columns take the table anyway, and few records are linked.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX record_copy_of_person ON record_copy (register_code, person_id) WHERE person_id IS NOT NULL;

-- Why a record was archived, for the report of ended records. Copies from before get it by a rebuild, which begins when
-- the service starts.
ALTER TABLE record_copy ADD COLUMN leaving jsonb NOT NULL DEFAULT '{}';
UPDATE feed SET counted_by = '' WHERE source = 'referrals';

-- When colleagues were told that a cover has begun and that it is over. Whatever happened before this migration counts
-- as told, so that no one gets an email about the past.
ALTER TABLE record_holding ADD COLUMN begun_told_at timestamptz;
ALTER TABLE record_holding ADD COLUMN over_told_at timestamptz;
UPDATE record_holding SET begun_told_at = clock_timestamp()
WHERE kind = 'cover' AND from_day <= (now() AT TIME ZONE 'Europe/London')::date;
UPDATE record_holding SET over_told_at = clock_timestamp()
WHERE kind = 'cover' AND (ended_at IS NOT NULL OR until_day < (now() AT TIME ZONE 'Europe/London')::date);

-- The columns take the table anyway, and few covers are not over.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX record_holding_to_tell ON record_holding (from_day) WHERE kind = 'cover' AND over_told_at IS NULL;

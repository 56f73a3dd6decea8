-- Whether a notice told people of the rating that opened a task. Only then others are told if no one sees it in time: not
-- of records that were loaded from a spreadsheet, however old their ratings are. Referrals says so when a task is opened,
-- and neither the age of the task nor a restart changes it. Notices told of the tasks that are there already.
ALTER TABLE task ADD COLUMN is_told boolean NOT NULL DEFAULT true;
ALTER TABLE task ALTER COLUMN is_told SET DEFAULT false;

-- The column takes the table anyway, and few tasks wait to be seen.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX task_not_seen;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX task_not_seen ON task (opened_at)
WHERE closed_at IS NULL AND kind = 'urgent' AND seen_at IS NULL AND told_again_at IS NULL AND is_told;

-- When a meeting discussed a task of its agenda, and who said so. The task is off the agenda until its record changes.
ALTER TABLE task
ADD COLUMN discussed_at timestamptz,
ADD COLUMN discussed_by uuid,
ADD COLUMN discussed_by_name text;
-- The columns take the table anyway, and few tasks have been discussed.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX task_discussed ON task (register_code, discussed_at)
WHERE closed_at IS NULL AND discussed_at IS NOT NULL;
GRANT UPDATE (discussed_at, discussed_by, discussed_by_name) ON task TO outcomes_app;

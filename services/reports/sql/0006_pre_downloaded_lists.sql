-- The records of a list that a user downloaded as it was filtered. NULL: the report is not limited to a list.
ALTER TABLE job ADD COLUMN record_ids uuid [];

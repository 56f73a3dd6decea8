-- Why a record was archived, as answers to its register's form of that name. Records that were archived before have none.
ALTER TABLE record_version ADD COLUMN leaving jsonb;

-- Why the record ends, as answers to the register's form of that name: referrals stores it with the end of the record.
ALTER TABLE outcome ADD COLUMN leaving jsonb NOT NULL DEFAULT '{}';

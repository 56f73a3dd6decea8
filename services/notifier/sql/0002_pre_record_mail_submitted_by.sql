-- The user who submitted the record, by id, so that a mail to them can be checked before it is sent again. Empty if the
-- notice named nobody, and for mails that were queued earlier.
ALTER TABLE record_mail ADD COLUMN submitted_by uuid;

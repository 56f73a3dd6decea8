-- Administrators and privacy officers read who looked at a record: the rows of the audit that name it.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX audit_of_subject ON audit USING gin (subjects);

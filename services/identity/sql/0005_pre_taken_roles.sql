-- Joining a register asks the audit for the few roles that were taken away. Without an index each question reads all rows.
-- Writes wait while it is made: about a second for a million rows.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX audit_taken_roles ON audit (register) WHERE action = 'grant_taken';

-- Joining a register asks the audit for the few roles that were taken away. Without an index each question reads all rows.
CREATE INDEX audit_taken_roles ON audit (register) WHERE action = 'grant_taken';

-- What a copy of the database needs: an order of the audit that holds on another server, and whether the copy may act.

-- Transaction ids count within one database server, and another server may begin with lower ones. So each row says when
-- the server started under which it was written, and each seal covers rows of one such start. A start is never shared by
-- two servers. Rows and seals from before this file have '-infinity', and their hashes stay as they are.
ALTER TABLE audit ADD COLUMN server_start timestamptz NOT NULL DEFAULT '-infinity';
ALTER TABLE audit ALTER COLUMN server_start SET DEFAULT pg_postmaster_start_time();
-- The columns take the table anyway, and an index over all rows is built faster than row by row.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX audit_in_order ON audit (server_start, xid, id);
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX audit_by_transaction;

-- Without a default, a sealer of the release before seals nothing until its function is replaced.
ALTER TABLE audit_seal ADD COLUMN server_start timestamptz NOT NULL DEFAULT '-infinity';
-- squawk-ignore ban-drop-default
ALTER TABLE audit_seal ALTER COLUMN server_start DROP DEFAULT;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX audit_seal_of_start ON audit_seal (server_start, n);
-- No service calls it: it was for that sealer and for `ics audit verify`.
-- squawk-ignore ban-drop-function
DROP FUNCTION IF EXISTS audit_stretch(xid8, xid8);

-- At most one row, which the first start of the service writes: under which public address and in which database it
-- runs. Null means: take what the next start finds. While `held_since` is set, no mail and no event leaves.
CREATE TABLE installation (
    id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    address text,
    database text,
    held_since timestamptz,
    held_because text CHECK (held_because IN ('restored', 'address_changed')),
    CONSTRAINT installation_says_why_it_is_held CHECK ((held_since IS NULL) = (held_because IS NULL))
);
GRANT SELECT ON installation TO "<service>_app";

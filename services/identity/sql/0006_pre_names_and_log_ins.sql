-- When each user last logged in: kept with the account, since sessions end. Log-ins so far are in the audit.
ALTER TABLE account ADD COLUMN logged_in_at timestamptz;
UPDATE account SET logged_in_at = found.at
FROM (SELECT actor, max(at) AS at FROM audit WHERE action = 'logged_in' GROUP BY actor) AS found
WHERE account.account_id = found.actor;

-- The names that an account had before. Records keep the name that was right when they were written.
CREATE TABLE former_name (
    account_id uuid NOT NULL REFERENCES account (account_id),
    first_name text NOT NULL,
    last_name text NOT NULL,
    until timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by uuid NOT NULL,
    PRIMARY KEY (account_id, until)
);
GRANT SELECT, INSERT ON former_name TO identity_app;

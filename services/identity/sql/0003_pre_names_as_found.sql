-- Accounts are found and sorted by the folded spelling of their names, which the service writes. It is null in an account
-- that an older process added, until the service's sweep has written it.
ALTER TABLE account
ADD COLUMN search text COLLATE "C",
ADD COLUMN sort_name text COLLATE "C";

-- The column takes the table anyway, and there are few accounts.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX account_in_order ON account (
    coalesce(sort_name, lower(last_name) || ' ' || lower(first_name)) COLLATE "C", account_id
);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX account_unsorted ON account (account_id) WHERE sort_name IS NULL;

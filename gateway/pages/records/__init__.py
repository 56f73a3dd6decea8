"""The pages of a register's records: submit, find, read, update."""

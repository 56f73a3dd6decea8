"""
The registers' records: who is on a register, and what is written about them.

Answers requests to submit, find, read and update records. Tells when a record was created, updated or archived.
"""

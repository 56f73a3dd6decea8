"""
The referrals service: it holds the records of the people on each register.

It answers requests to submit, find, read and update records. It publishes an event when a record is created, updated,
archived or reinstated.
"""

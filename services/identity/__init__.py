"""
Who may come in: accounts, passwords, e-mailed PIN, lock-out, sessions, organisations, roles.

Answers the steps of a log-in and exchanges session cookies for signed assertions. Tells when sessions are revoked.
"""

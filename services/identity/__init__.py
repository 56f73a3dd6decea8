"""
The identity service: accounts, passwords, PINs and authenticator apps, lock-out, sessions, organisations and roles.

It answers the steps of a log-in, exchanges session cookies for signed assertions and broadcasts revoked sessions.
"""

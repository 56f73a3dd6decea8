"""
The web front end: HTML pages over the bus.

It has no database, no signing key and no rules of a register. All it knows about a visitor is what identity has signed.
"""

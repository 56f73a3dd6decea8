"""Handlers of the referrals service, one function per message: check, decide, store, publish events."""

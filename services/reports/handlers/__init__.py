"""Handlers of the reports service, one function per message: check, decide, store, publish events."""

"""One function per message: check, decide, store, tell."""

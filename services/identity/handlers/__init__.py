"""One method per message: check, decide, store, tell."""

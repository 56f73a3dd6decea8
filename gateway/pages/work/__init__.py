"""The work list."""

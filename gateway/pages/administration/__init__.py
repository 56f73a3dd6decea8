"""The index of Administration, and the organisations."""

"""The Administration page, and the list of organisations."""

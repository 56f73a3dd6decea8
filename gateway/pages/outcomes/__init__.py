"""Outcomes of a record, archiving, and the reversal of an archive."""

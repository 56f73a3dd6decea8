"""Outcomes of a record, archives, and their reversal."""

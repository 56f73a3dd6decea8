"""Pairs of records that may be about one person."""

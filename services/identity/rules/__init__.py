"""Decisions of identity, without database, clock or network: time and randomness come in as arguments."""

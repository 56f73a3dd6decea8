"""Decisions about records: who may do what with one, what may be stored, how lists are read, what a change means."""

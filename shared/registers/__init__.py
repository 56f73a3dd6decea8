"""Registers as data: what a definition may hold, how one is read and checked, and how a form is filled by it."""

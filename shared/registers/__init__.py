"""Registers as data: what a definition may hold, how it is read and checked, and how its form is filled in."""

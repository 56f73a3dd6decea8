"""The number that orders releases of the database functions. Raise it with each change of a functions file."""

RELEASE = 3

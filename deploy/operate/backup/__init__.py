"""Backups of an installation: making one, and restoring one as a copy that is held."""

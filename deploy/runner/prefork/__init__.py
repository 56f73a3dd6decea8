"""Forks the processes from one that has already imported what they have in common."""

"""Counts over the project's own files: what a reader, a reviewer or a rule of the house would count by hand."""

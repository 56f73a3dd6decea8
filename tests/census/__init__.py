"""Checks over the project's own files that a reader or reviewer would otherwise make by hand."""

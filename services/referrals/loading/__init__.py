"""Reads a spreadsheet: its bytes as a table, what its columns and values mean, and each row as answers."""

"""Tests of the pages that load a register from a spreadsheet."""

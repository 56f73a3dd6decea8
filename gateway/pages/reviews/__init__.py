"""The reviews that are due: their list, and confirming one from it."""

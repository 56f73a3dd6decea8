"""Fills, checks and shows a form by its definition. Pure: the day comes in as an argument."""

"""Filling in, checking and showing a form by its definition. No clock is read: the day is an argument."""

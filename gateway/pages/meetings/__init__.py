"""Meetings: their areas and dates, the agenda, the minutes of each person, and what is shown and printed."""

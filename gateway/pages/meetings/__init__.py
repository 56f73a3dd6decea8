"""Meetings: their series, their agendas, and what was said about each person."""

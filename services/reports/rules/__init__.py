"""Decisions without database, clock or network: what a dashboard counts, and what a report holds."""

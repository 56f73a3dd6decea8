"""
What came of a record: outcomes of meetings, the archive that may follow, and what waits for somebody to act.

Answers requests to record and list outcomes and tasks. Asks referrals to archive, and how records stand whose ratings
change. Tells of an outcome once it counts, and of an urgent task that nobody has seen in time.
"""

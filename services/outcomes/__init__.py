"""
What came of a record: outcomes of meetings, and the archive that may follow.

Answers requests to record and list outcomes. Asks referrals to archive, and tells of an outcome once it counts.
"""

"""
The outcomes service: outcomes of meetings, the archive that may follow, and tasks that wait for an administrator.

It answers requests to record and list outcomes and tasks. It asks referrals to archive records, and for the current
ratings. It publishes an outcome once it counts, and an urgent task that no one has seen in time.
"""

"""
Its own read copy of the registers, fed by events: dashboards and Excel files.

Answers requests for a dashboard and for report files. Holds nothing that cannot be rebuilt from its sources.
"""

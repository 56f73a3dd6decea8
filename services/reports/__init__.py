"""
The reports service: its own copy of the registers, for dashboards and Excel files.

It answers requests for a dashboard and for report files. The copy can be rebuilt from its sources at any time.
"""

"""
The notifier service: sends each email once to the people who must be told.

It owns the mail queue and its templates. It answers requests to queue a mail, and follows notices of new and urgent
records.
"""

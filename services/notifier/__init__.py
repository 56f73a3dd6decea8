"""
Who is told of what, by e-mail, once.

Owns the mail queue and its templates. Answers requests to queue a mail, and follows notices of new and urgent records.
"""

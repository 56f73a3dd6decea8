"""The rules of identity, without database, clock or network: time and randomness are arguments."""

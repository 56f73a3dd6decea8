"""
The front of the house: HTML pages and a JSON API over the bus.

Holds no database, no signing key and no rule of the registers; what it knows of a visitor, identity has signed.
"""

"""The number by which releases of the database functions are ordered. Each change of a functions file raises it."""

RELEASE = 1

"""What the operator is told when something cannot be done."""


class CannotStart(Exception):
    """Says in plain words, without any secret, what is wrong and what to do about it. Ends the command with code 1."""

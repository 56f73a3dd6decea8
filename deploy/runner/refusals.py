"""The error that tells the operator why something cannot be done."""


class CannotStart(Exception):
    """Says in plain words what is wrong and what to do, without any secret. It ends the command with exit code 1."""

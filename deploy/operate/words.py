"""Plain sentences for the faults that a command of an operator can meet."""

import socket

import asyncpg

from deploy.runner.refusals import CannotStart

NO_DATABASE = "The database cannot be reached: {}. Is it running, and is its address right? `ics doctor` tries it."
NO_ENTRY = (
    "The database does not let this command in: {}. The state folder (ICS_STATE_DIR) must be the one with which the "
    "database was prepared, because it holds the passwords."
)
NOT_PREPARED = "The database is not prepared for this version: {}. Run `ics migrate`, or start the product once."
REFUSED = "The database refused the work: {}."

# The first row that fits decides. OSError has too many other meanings.
SENTENCES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((asyncpg.InvalidAuthorizationSpecificationError,), NO_ENTRY),
    (
        (
            asyncpg.InvalidCatalogNameError,
            asyncpg.InvalidSchemaNameError,
            asyncpg.UndefinedColumnError,
            asyncpg.UndefinedFunctionError,
            asyncpg.UndefinedObjectError,
            asyncpg.UndefinedTableError,
        ),
        NOT_PREPARED,
    ),
    (
        (
            ConnectionError,
            FileNotFoundError,
            TimeoutError,
            asyncpg.InterfaceError,
            asyncpg.PostgresConnectionError,
            socket.gaierror,
        ),
        NO_DATABASE,
    ),
    ((asyncpg.PostgresError,), REFUSED),
)


def said_of(error: Exception) -> str | None:
    """Return what to tell the operator, or None for an error of the program. An error's own text is never shown."""
    if isinstance(error, CannotStart):
        return str(error)
    name = type(error).__name__
    return next((sentence.format(name) for kinds, sentence in SENTENCES if isinstance(error, kinds)), None)

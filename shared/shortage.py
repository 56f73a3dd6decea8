"""Whether the database has lately refused work because it has no disk space, memory or connections left."""

from time import monotonic

import asyncpg

RECENT_SECONDS = 60.0


class Shortage:
    """
    Remembers the last refusal of this kind that a request met.

    On a full disk the database still answers queries that store nothing, so a query alone does not show it.
    """

    def __init__(self) -> None:
        self._at: float | None = None

    def note(self, error: BaseException) -> None:
        """Note a fault of the database. Other faults than a shortage do not count here."""
        if isinstance(error, asyncpg.InsufficientResourcesError):
            self._at = monotonic()

    def is_recent(self) -> bool:
        """Return whether the last refusal was less than a minute ago."""
        return self._at is not None and monotonic() - self._at < RECENT_SECONDS

"""The job of outcomes that takes pending archives to their end when the person who asked has left."""

from dataclasses import dataclass

from services.outcomes import store
from services.outcomes.handlers.ending import Endings
from shared.database import DatabasePool, transaction

MOST_AT_ONCE = 20


@dataclass(frozen=True)
class FinishArchives:
    """Every replica may run it: an outcome that one has taken is not taken by another for ten seconds."""

    pool: DatabasePool
    endings: Endings

    async def sweep(self) -> None:
        """Take what is pending to its end. What referrals does not answer waits for the next run."""
        async with transaction(self.pool) as db:
            taken = await store.take_pending(db, MOST_AT_ONCE)
        for ending in taken:
            await self.endings.finish(ending)

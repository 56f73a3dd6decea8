"""The job that settles pending archives after the person who asked has left."""

from dataclasses import dataclass

from services.outcomes.handlers.ending import Endings
from services.outcomes.store import endings as store
from shared.database import DatabasePool, transaction

MOST_AT_ONCE = 20


@dataclass(frozen=True)
class FinishArchives:
    """Settles pending outcomes. Every replica may run it: an outcome taken by one is left alone for ten seconds."""

    pool: DatabasePool
    endings: Endings

    async def sweep(self) -> None:
        """Settle the pending outcomes. If referrals does not answer, they wait for the next run."""
        async with transaction(self.pool) as db:
            taken = await store.take_pending(db, MOST_AT_ONCE)
        for ending in taken:
            await self.endings.finish(ending)

"""What outcomes does by itself: finishing the archives whose askers have left, and forgetting old commands."""

import asyncio
from dataclasses import dataclass

from services.outcomes import store
from services.outcomes.handlers.ending import Endings
from shared.commands import FORGET_OLD
from shared.database import DATABASE_FAULTS, DatabasePool, transaction
from shared.log import warn

SWEEP_EVERY_SECONDS = 3.0
MOST_AT_ONCE = 20
FORGET_EVERY = 1_200  # sweeps: about once an hour


@dataclass(frozen=True)
class Sweeping:
    """Every replica may run it: what one has taken, no other takes for ten seconds, and asked twice changes nothing."""

    pool: DatabasePool
    endings: Endings

    async def sweep_for_ever(self) -> None:
        sweeps = 0
        while True:
            await asyncio.sleep(SWEEP_EVERY_SECONDS)
            sweeps += 1
            try:
                await self.sweep()
                if sweeps % FORGET_EVERY == 0:
                    await self.pool.execute(FORGET_OLD)
            except DATABASE_FAULTS as error:
                warn("archives.not_swept", error=error)

    async def sweep(self) -> None:
        """Take what is pending to its end; what referrals does not answer waits for the next time."""
        async with transaction(self.pool) as db:
            taken = await store.take_pending(db, MOST_AT_ONCE)
        for ending in taken:
            await self.endings.finish(ending)

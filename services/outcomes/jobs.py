"""What outcomes does by itself: finishing archives whose askers have left, telling again of what nobody has seen,
comparing its tasks with the records, and forgetting what is old."""

import asyncio
from dataclasses import dataclass

from services.outcomes import rules, store
from services.outcomes.handlers.desk import Desk
from services.outcomes.handlers.ending import Endings
from services.outcomes.handlers.watching import Escalation, Watching
from shared.commands import FORGET_OLD
from shared.database import DATABASE_FAULTS, DatabasePool, transaction
from shared.log import warn
from shared.messages import NotAnswered, Refused

SWEEP_EVERY_SECONDS = 3.0
MOST_AT_ONCE = 20
FORGET_EVERY = 1_200  # sweeps: about once an hour
TELL_EVERY_SECONDS = 5.0
COMPARE_AGAIN_SECONDS = 5.0
FAULTS = (NotAnswered, Refused, *DATABASE_FAULTS)
FORGET_EVENTS = "DELETE FROM inbox WHERE taken_at < clock_timestamp() - interval '35 days'"


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


@dataclass(frozen=True)
class Telling:
    """Every replica may run it: a task that one has taken, no other takes."""

    escalation: Escalation

    async def tell_for_ever(self) -> None:
        while True:
            try:
                while await self.escalation.tell_again():
                    pass
            except DATABASE_FAULTS as error:
                warn("tasks.not_told", error=error)
            await asyncio.sleep(TELL_EVERY_SECONDS)


@dataclass(frozen=True)
class Comparing:
    """At the start and each night. Every replica may run it: what is in line already stays as it is."""

    desk: Desk
    watching: Watching

    async def compare_for_ever(self) -> None:
        while True:
            done = await self.compare()
            until_night = rules.until_next_comparison(self.desk.clock()).total_seconds()
            await asyncio.sleep(until_night if done else COMPARE_AGAIN_SECONDS)

    async def compare(self) -> bool:
        """Whether all of it was done."""
        try:
            await self.watching.compare()
            await self.desk.pool.execute(FORGET_EVENTS)
        except FAULTS as error:
            warn("tasks.not_compared", error=error)
            return False
        return True

"""What referrals does by itself: counters folded and proved, statistics refreshed, old drafts swept."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.referrals import rules
from services.referrals.store import counting, drafts
from shared.commands import FORGET_OLD
from shared.database import DATABASE_FAULTS, DatabasePool, transaction
from shared.log import log, warn

FOLD_EVERY_SECONDS = 1.0
REFRESH_EVERY_SECONDS = 1.0
SWEEP_EVERY_SECONDS = 3600.0


@dataclass(frozen=True)
class Counting:
    """Every replica may run it: one folds at a time, and a second proof finds nothing to mend."""

    pool: DatabasePool
    clock: Callable[[], datetime]

    async def fold_for_ever(self) -> None:
        while True:
            await asyncio.sleep(FOLD_EVERY_SECONDS)
            try:
                await counting.fold_deltas(self.pool)
            except DATABASE_FAULTS as error:
                warn("counters.not_folded", error=error)

    async def prove_every_night(self) -> None:
        while True:
            await asyncio.sleep(rules.until_next_proof(self.clock()).total_seconds())
            try:
                await self.prove()
                await self.pool.execute(FORGET_OLD)
            except DATABASE_FAULTS as error:
                warn("counters.not_proved", error=error)

    async def prove(self) -> int:
        """How many counts were wrong; they are mended."""
        async with transaction(self.pool) as db:
            wrong = await counting.prove_counters(db)
        if wrong:
            warn("counters.wrong", count=wrong)
        else:
            log("counters.proved")
        return wrong


@dataclass(frozen=True)
class StatisticsRefresh:
    """Every replica may run it: a table that one has analysed has not doubled for the next."""

    pool: DatabasePool

    async def refresh_for_ever(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_EVERY_SECONDS)
            try:
                await counting.refresh_statistics(self.pool)
            except DATABASE_FAULTS as error:
                warn("statistics.not_refreshed", error=error)


@dataclass(frozen=True)
class Sweeping:
    """Every replica may run it: what one has deleted, the next does not find."""

    pool: DatabasePool
    clock: Callable[[], datetime]

    async def sweep_for_ever(self) -> None:
        while True:
            try:
                await self.sweep()
            except DATABASE_FAULTS as error:
                warn("drafts.not_swept", error=error)
            await asyncio.sleep(SWEEP_EVERY_SECONDS)

    async def sweep(self) -> None:
        """Drafts that nobody went on with."""
        swept = await drafts.sweep(self.pool, rules.drafts_end(self.clock()))
        if swept:
            log("drafts.swept", count=swept)

"""What identity does beside answering: it says each second that it is there, and clears away what is over."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.identity.desk import Desk
from services.identity.operators import ensure_organisations
from services.identity.rules import log_in as rules
from services.identity.store import accounts, attempts, devices, limits, organisations, sessions
from shared import log
from shared.bus import Bus
from shared.commands import FORGET_OLD
from shared.contracts.identity import Heartbeat
from shared.database import DATABASE_FAULTS, Database, transaction
from shared.messages import NotAnswered

BEAT_SECONDS = 1.0
SWEEP_SECONDS = 60.0


@dataclass(frozen=True)
class Heart:
    """Whoever hears it also hears revocations."""

    bus: Bus

    async def run(self) -> None:
        while True:
            try:
                await self.bus.tell(Heartbeat())
            except NotAnswered as error:
                log.warn("identity.heartbeat_not_told", error=error)
            await asyncio.sleep(BEAT_SECONDS)


@dataclass(frozen=True)
class Sweeper:
    """Any number of replicas may sweep at once: each statement takes what it finds."""

    desk: Desk

    async def run(self) -> None:
        while True:
            try:
                await self.begin_registers()
                await self.sweep()
            except DATABASE_FAULTS as error:
                log.warn("identity.sweep_failed", error=error)
            await asyncio.sleep(SWEEP_SECONDS)

    async def begin_registers(self) -> None:
        """Give a register that has no organisation yet those that its definition begins with."""
        for register in self.desk.registers.newest():
            rows = [(each.name, each.email_domain) for each in register.organisations]
            async with transaction(self.desk.pool) as db:
                if rows and not await organisations.has_any(db, register.code):
                    await ensure_organisations(db, register.code, rows)

    async def sweep(self) -> None:
        """One transaction for each kind, so that no log-in waits for the whole of it."""
        counts = (rules.WRONG_PASSWORDS, rules.UNSETTLED_COUNT_LIFE)
        sweeps: tuple[Callable[[Database], Awaitable[None]], ...] = (
            lambda db: sessions.sweep(db, self.desk.lives.idle),
            lambda db: attempts.sweep(db, rules.ATTEMPT_LIFE),
            lambda db: devices.sweep(db, rules.KNOWN_DEVICE_LIFE),
            lambda db: accounts.settle_counts(db, *counts),
            lambda db: devices.settle_counts(db, *counts),
            limits.sweep,
            _forget_commands,
        )
        for sweep in sweeps:
            async with transaction(self.desk.pool) as db:
                await sweep(db)


async def _forget_commands(db: Database) -> None:
    await db.execute(FORGET_OLD)

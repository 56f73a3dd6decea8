"""What every handler works with: the database, the registers, the clock, and the bell that wakes the relay."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from services.referrals.store.feed import RatingQuestions
from shared.database import ACQUIRE_SECONDS, Database, DatabasePool
from shared.messages import Refused
from shared.permissions import Visitor
from shared.registers.definition import Definition
from shared.registers.load import Registers, UnknownRegister
from shared.values import london_day


def utc_moment() -> datetime:
    return datetime.now(UTC)


def new_id() -> UUID:
    """128 random bits: nothing can be learnt from one, and none can be guessed."""
    return UUID(bytes=secrets.token_bytes(16))


@dataclass(frozen=True)
class Desk:
    """
    Shared by the handlers of one process.

    `wake` is called after each commit that put something into the outbox; `draw` gives a number below its argument.
    """

    pool: DatabasePool
    registers: Registers
    wake: Callable[[], None]
    clock: Callable[[], datetime] = utc_moment
    draw: Callable[[int], int] = secrets.randbelow

    @asynccontextmanager
    async def one_trip(self) -> AsyncIterator[Database]:
        """A connection for a function of the schema that sets its own context and is its own transaction."""
        async with self.pool.acquire(timeout=ACQUIRE_SECONDS) as db:
            yield db

    def register(self, visitor: Visitor, edition: str) -> Definition:
        """The register that the assertion names, in this edition. Refused as `unknown_edition`."""
        try:
            return self.registers.find(visitor.register_code, edition)
        except UnknownRegister:
            raise Refused("unknown_edition") from None

    def latest(self, visitor: Visitor) -> Definition:
        """The register that the assertion names, as it is now. Refused as `unknown_register`."""
        try:
            return self.registers.find(visitor.register_code)
        except UnknownRegister:
            raise Refused("unknown_register") from None

    def day(self) -> date:
        """The day in London."""
        return london_day(self.clock())

    def rated_by(self) -> RatingQuestions:
        """The question that rates, of each register and edition that has one."""
        every = [each.definition for each in self.registers.every()]
        rated = [(each.code, each.edition, each.rating.question) for each in every if each.rating]
        return RatingQuestions(*map(list, zip(*rated, strict=True))) if rated else RatingQuestions()

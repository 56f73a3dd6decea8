"""What every handler works with: the database, the registers, the names of organisations, the clock, and two bells."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from services.reports.store.feeds import SOURCES, Source
from shared.assertion import Signer
from shared.bus import Bus
from shared.contracts.identity import ListOrganisations
from shared.database import DatabasePool
from shared.permissions import Caller
from shared.registers.definition import Definition
from shared.registers.load import Registers

KEPT_SECONDS = 60.0


def utc_moment() -> datetime:
    return datetime.now(UTC)


def new_id() -> UUID:
    """128 random bits: nothing can be learnt from one, and none can be guessed."""
    return UUID(bytes=secrets.token_bytes(16))


class OrganisationNames:
    """Asks identity once a minute and register. The names are public; they change a few times a year."""

    def __init__(self, bus: Bus, clock: Callable[[], float] = time.monotonic) -> None:
        self._bus = bus
        self._clock = clock
        self._kept: dict[str, tuple[float, dict[UUID, str]]] = {}

    async def of(self, register: Definition) -> dict[UUID, str]:
        """The organisations of a register by id, in the order of their names, as its pages call them (R-DSR-104)."""
        kept = self._kept.get(register.code)
        if kept and kept[0] > self._clock():
            return kept[1]
        found = await self._bus.ask(ListOrganisations(register_code=register.code))
        words = register.words.record.organisation
        names = {each.organisation_id: words.format(name=each.name, domain=each.domain) for each in found.organisations}
        self._kept[register.code] = (self._clock() + KEPT_SECONDS, names)
        return names


@dataclass(frozen=True)
class Desk:
    """Shared by all of one process. `work` rings when a report was asked for, `news` when a source has some."""

    pool: DatabasePool
    bus: Bus
    signer: Signer
    registers: Registers
    organisations: OrganisationNames
    clock: Callable[[], datetime] = utc_moment
    work: asyncio.Event = field(default_factory=asyncio.Event)
    news: Mapping[Source, asyncio.Event] = field(default_factory=lambda: {each: asyncio.Event() for each in SOURCES})

    def signature(self, service: str) -> str:
        """The assertion under which reports copies from a service, for nobody in particular."""
        return self.signer.sign_caller(Caller(service="reports", job="feed"), service)

    def editions(self, register_code: str) -> Sequence[Definition]:
        """All that are known of a register, the newest first."""
        return self.registers.editions(register_code)

"""What every handler and job of reports works with: the shared parts, names of organisations, and what wakes jobs."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from services.reports.store.feeds import SOURCES, Source
from shared.bus.protocol import Bus
from shared.context import ServiceContext
from shared.contracts.identity import ListOrganisations
from shared.registers.definition.register import Definition

KEPT_SECONDS = 60.0


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
        words = register.words
        names = {
            each.organisation_id: words("record.organisation", name=each.name, domain=each.domain)
            for each in found.organisations
        }
        self._kept[register.code] = (self._clock() + KEPT_SECONDS, names)
        return names


@dataclass(frozen=True, kw_only=True)
class ReportsContext(ServiceContext):
    """`work` is set when a report was asked for, `news` when a source has something to copy."""

    organisations: OrganisationNames
    work: asyncio.Event = field(default_factory=asyncio.Event)
    news: Mapping[Source, asyncio.Event] = field(default_factory=lambda: {each: asyncio.Event() for each in SOURCES})

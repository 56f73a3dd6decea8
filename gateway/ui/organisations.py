"""The organisations of a register, kept for a minute: every list and record shows their names."""

import time
from collections.abc import Callable

from aiohttp import web

from shared.bus.protocol import Bus
from shared.contracts.identity import ListOrganisations, Organisations

KEPT_SECONDS = 60.0


class OrganisationNames:
    """Asks identity once a minute and register. The names are public; they change a few times a year."""

    def __init__(self, bus: Bus, clock: Callable[[], float] = time.monotonic) -> None:
        self._bus = bus
        self._clock = clock
        self._kept: dict[str, tuple[float, Organisations]] = {}

    async def of(self, register_code: str) -> Organisations:
        kept = self._kept.get(register_code)
        if kept and kept[0] > self._clock():
            return kept[1]
        found = await self._bus.ask(ListOrganisations(register_code=register_code))
        self._kept[register_code] = (self._clock() + KEPT_SECONDS, found)
        return found


ORGANISATIONS = web.AppKey("organisations", OrganisationNames)

"""A cache of the names of a register's organisations, which every list, record and report shows."""

import time
from collections.abc import Callable, Mapping
from uuid import UUID

from shared.bus.protocol import Bus
from shared.contracts.identity import ListOrganisations, Organisations
from shared.registers.definition.register import Definition

KEPT_SECONDS = 60.0


class OrganisationNames:
    """Asks identity at most once a minute for each register. The names are public and seldom change."""

    def __init__(self, bus: Bus, clock: Callable[[], float] = time.monotonic) -> None:
        self._bus = bus
        self._clock = clock
        self._kept: dict[str, tuple[float, Organisations]] = {}
        self._names: dict[str, tuple[Definition, Organisations, Mapping[UUID, str]]] = {}

    async def of(self, register_code: str) -> Organisations:
        """Return the organisations of a register, in the order of their names."""
        kept = self._kept.get(register_code)
        if kept and kept[0] > self._clock():
            return kept[1]
        found = await self._bus.ask(ListOrganisations(register_code=register_code))
        self._kept[register_code] = (self._clock() + KEPT_SECONDS, found)
        return found

    async def names(self, register: Definition) -> Mapping[UUID, str]:
        """
        Return organisation id → name with its domain in brackets, in the register's wording (R-DSR-104).

        The mapping is the same object while identity's answer and the definition are kept.
        """
        found = await self.of(register.code)
        kept = self._names.get(register.code)
        if kept is None or kept[0] is not register or kept[1] is not found:
            words = register.words
            names = {
                each.organisation_id: words("record.organisation", name=each.name, domain=each.domain)
                for each in found.organisations
            }
            kept = self._names[register.code] = (register, found, names)
        return kept[2]

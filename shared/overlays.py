"""Keeps a process's registers as their administrators have published them: told at once, and asked for as the net."""

import asyncio
from dataclasses import dataclass, field

from pydantic import ValidationError

from shared.bus import Bus
from shared.contracts.referrals import OverlayPublished, ReadOverlays
from shared.log import log, warn
from shared.messages import NotAnswered, Refused
from shared.registers.load import Registers
from shared.registers.overlay import Adaptation
from shared.tasks import rung

NET_SECONDS = 30.0
AGAIN_SECONDS = 0.2
AGAIN_LATER_SECONDS = 2.0


@dataclass
class Overlays:
    """
    Follows what is published of these registers. A process is ready once it knows what was published before it began.

    What is heard of only rings; what is in force is always asked for, so that a broadcast that is lost, doubled or
    late does no harm.
    """

    bus: Bus
    registers: Registers
    known: bool = False
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def listen(self) -> None:
        await self.bus.hear(OverlayPublished, self._heard)

    async def _heard(self, told: OverlayPublished) -> None:
        if told.version > self.registers.adaptation(told.register_code).version:
            self._bell.set()

    async def run(self) -> None:
        """For as long as the process lives. Referrals may be away, at the start as at any time."""
        while True:
            await rung(self._bell, await self._try())

    async def _try(self) -> float:
        """Look once; for how long nobody need look again."""
        try:
            await self.look()
        except (NotAnswered, Refused, ValidationError) as error:  # the last from a referrals of another release
            warn("overlays.not_read", error=error)
            return AGAIN_LATER_SECONDS if self.known else AGAIN_SECONDS
        return NET_SECONDS

    async def look(self) -> None:
        """Put in force here what is in force. Raises `NotAnswered` when referrals cannot be asked."""
        async with self._one_at_a_time:
            while await self._take():
                pass
            self.known = True

    async def _take(self) -> bool:
        """Whether there is more."""
        answer = await self.bus.ask(ReadOverlays(known=dict(self.registers.adaptations())))
        found = {each.register_code: Adaptation(each.version, each.overlay) for each in answer.overlays}
        for faulty in self.registers.adapt(found):
            warn("overlays.not_applied", edition=faulty.source)
        for code, each in found.items():
            log("overlays.in_force", register=code, version=each.version)
        return answer.more

"""Keeps a process's registers up to date with published overlays: by broadcast, and by polling as a fallback."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.bus.protocol import Bus
from shared.contracts.referrals.overlays import OverlayPublished, ReadOverlays
from shared.jobs import Job, repeat
from shared.log import log, warn
from shared.registers.load import Registers
from shared.registers.overlay import Adaptation

POLL_FALLBACK_SECONDS = 30.0
RETRY_SECONDS = 0.2
LONGEST_RETRY_SECONDS = 1.0


@dataclass
class OverlayFollower:
    """
    Follows the overlays of these registers. `known` is set once those published before the start are applied.

    A broadcast only wakes the job, which always asks for the overlays in force. So a lost, duplicate or late broadcast
    does no harm.
    """

    bus: Bus
    registers: Registers
    known: bool = False
    _differing: frozenset[str] = frozenset()
    _wakeup: asyncio.Event = field(default_factory=asyncio.Event)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def listen(self) -> None:
        await self.bus.hear(OverlayPublished, self._heard)

    async def _heard(self, told: OverlayPublished) -> None:
        if told.version > self.registers.adaptation(told.register_code).version:
            self._wakeup.set()

    @property
    def job(self) -> Job:
        """The polling job. It retries quickly, since referrals may be unavailable, even at the start."""
        return Job(
            "overlays",
            self.look,
            every=POLL_FALLBACK_SECONDS,
            wakeup=self._wakeup,
            retry=RETRY_SECONDS,
            longest_retry=LONGEST_RETRY_SECONDS,
        )

    async def run(self) -> None:
        """Follow published overlays for as long as the process lives."""
        await repeat(self.job)

    async def look(self) -> None:
        """Apply every newly published overlay. Raise `NotAnswered` when referrals cannot be asked."""
        async with self._one_at_a_time:
            while await self._take():
                pass
            self.known = True

    def _compare(self, editions: Mapping[str, str]) -> None:
        """Log the register files that this process and referrals have not both loaded, or not with the same content."""
        own = self.registers.fingerprints()
        differing = frozenset(file for file in own.keys() | editions.keys() if own.get(file) != editions.get(file))
        if differing != self._differing and editions:
            self._differing = differing
            warn("registers.differ", files=sorted(differing))

    async def _take(self) -> bool:
        """Apply one batch. Return whether there are more."""
        answer = await self.bus.ask(ReadOverlays(known=dict(self.registers.adaptations())))
        found = {each.register_code: Adaptation(each.version, each.overlay) for each in answer.overlays}
        if self.registers.withhold(answer.withheld):
            log("registers.withheld", registers=answer.withheld)
        self._compare(answer.editions)
        for faulty in self.registers.adapt(found):
            warn("overlays.not_applied", edition=faulty.source)
        for code, each in found.items():
            log("overlays.in_force", register=code, version=each.version)
        return answer.more

"""Whether the installation is held, as every page shows it."""

from dataclasses import dataclass

from aiohttp import web

from shared.bus.protocol import Bus
from shared.contracts.installation import HeldBecause, ReadHold
from shared.jobs import Job, repeat

POLL_SECONDS = 5.0


@dataclass
class HoldFollower:
    """Asks every few seconds why the installation is held. `because` is None while it is not, or not known to be."""

    bus: Bus
    because: HeldBecause | None = None

    async def run(self) -> None:
        """Ask for as long as the process lives."""
        await repeat(Job("hold", self.look, every=POLL_SECONDS))

    async def look(self) -> None:
        """Ask once. Raise `NotAnswered` when identity cannot be asked; what was known stays."""
        self.because = (await self.bus.ask(ReadHold())).because


HOLD = web.AppKey("hold", HoldFollower)

"""Tells the gateway whether the installation is held."""

from dataclasses import dataclass

from services.identity.context import IdentityContext
from shared.contracts.installation import Hold, ReadHold
from shared.installation import held_because


@dataclass(frozen=True)
class HoldInForce:
    """Reads why the installation is held."""

    context: IdentityContext

    async def read(self, _asked: ReadHold) -> Hold:
        return Hold(because=await held_because(self.context.pool))

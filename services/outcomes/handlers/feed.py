"""The feed of outcomes, which other services copy page by page."""

from dataclasses import dataclass

from services.outcomes.context import OutcomesContext
from services.outcomes.store import feed as store
from shared.contracts.outcomes import OutcomeFeedPage, ReadOutcomeFeed
from shared.permissions import Caller

MOST_ROWS = 500
MOST_BYTES = 400_000


@dataclass(frozen=True)
class OutcomeFeedHandler:
    """Reads the feed. Only services may read it, because it covers all registers and compartments."""

    context: OutcomesContext

    async def read(self, _caller: Caller, asked: ReadOutcomeFeed) -> OutcomeFeedPage:
        async with self.context.background_trip() as db:
            return await store.read_feed(db, asked.after, MOST_ROWS, MOST_BYTES)

"""The handler of the feed, from which other services copy the records page by page."""

from dataclasses import dataclass

from services.referrals.rules import ratings
from services.referrals.store import feed as store
from shared.context import ServiceContext
from shared.contracts.referrals.feed import FeedPage, ReadFeed
from shared.permissions import Caller

MOST_ROWS = 500
MOST_ANSWER_BYTES = 440_000
MOST_RATINGS = 1_000
MOST_BYTES = 500_000  # the page itself takes a few more


@dataclass(frozen=True)
class ReadFeedHandler:
    """
    The handler of the feed. It crosses registers and organisations, so only services may call it, never a visitor.
    """

    context: ServiceContext

    async def read(self, _caller: Caller, asked: ReadFeed) -> FeedPage:
        async with self.context.background_trip() as db:
            room = store.Room(MOST_ROWS, MOST_ANSWER_BYTES, MOST_RATINGS, MOST_BYTES)
            return await store.read_feed(db, asked.after, room, ratings.rating_questions(self.context.registers))

"""The inbox: events handled, each recorded in the transaction of its effect, so that a duplicate changes nothing."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from shared.database import Database, DatabasePool, transaction
from shared.messages import Event

Told = TypeVar("Told", bound=Event)

ADD_ROW = """
    INSERT INTO inbox (consumer, event_id) VALUES ($1, $2)
    ON CONFLICT DO NOTHING
    RETURNING event_id
"""
# In the order of the ids, so that two processes with the same events wait for each other and not in a circle.
ADD_ROWS = """
    INSERT INTO inbox (consumer, event_id)
    SELECT $1, t.event_id FROM unnest($2::uuid[]) AS t (event_id) ORDER BY t.event_id
    ON CONFLICT DO NOTHING
    RETURNING event_id
"""
# An event that fails again gets a new time, so that a decision about its first failure does not hide the second one.
FORGET_SET_ASIDE = "DELETE FROM set_aside WHERE consumer = $1 AND event_id = $2"
SET_ASIDE = """
    INSERT INTO set_aside (consumer, event_id, subject, reason, deliveries) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING
"""
# Longer than an event can come again: 34 days in the outbox, and when it was sent again, 30 more in the stream.
KEPT_DAYS = 65
FORGET_OLD = f"DELETE FROM inbox WHERE taken_at < clock_timestamp() - interval '{KEPT_DAYS} days'"  # noqa: S608
COUNT_SET_ASIDE = "SELECT count(*) FROM set_aside"


async def is_new(db: Database, consumer: str, event: Event) -> bool:
    """Record the event in this transaction. Return False if it was recorded before."""
    return await db.fetchval(ADD_ROW, consumer, event.event_id) is not None


async def new_ones(db: Database, consumer: str, events: Sequence[Told]) -> list[Told]:
    """Record events in this transaction. Return, in the same order, those that were not recorded before."""
    rows = await db.fetch(ADD_ROWS, consumer, [each.event_id for each in events])
    new: set[UUID] = {row["event_id"] for row in rows}
    return [each for each in events if each.event_id in new]


class SetAside:
    """Stores events that a follower could not handle after all its retries, where operators can count them."""

    def __init__(self, pool: DatabasePool, consumer: str) -> None:
        self._pool = pool
        self._consumer = consumer

    async def __call__(self, event_id: str, subject: str, reason: str, deliveries: int) -> None:
        async with transaction(self._pool) as db:
            await db.execute(FORGET_SET_ASIDE, self._consumer, event_id)
            await db.execute(SET_ASIDE, self._consumer, event_id, subject, reason, deliveries)


async def count_set_aside(pool: DatabasePool) -> int:
    found: int = await pool.fetchval(COUNT_SET_ASIDE)
    return found

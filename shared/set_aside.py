"""What operators do with events that were set aside after all retries: list them, deliver them again, or drop them."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared import audit
from shared.audit import AuditAction
from shared.database import DatabasePool, transaction

LIST = """
    SELECT consumer, event_id, subject, reason, deliveries, set_aside_at
    FROM set_aside
    ORDER BY set_aside_at, event_id
"""
TAKE_OFF = "DELETE FROM set_aside WHERE consumer = $1 AND event_id = $2 AND set_aside_at = $3 RETURNING consumer"
SEND_AGAIN = """
    UPDATE outbox
    SET lost_at = clock_timestamp(), attempts = 0
    WHERE event_id = $1 AND event_type <> 'letter'
    RETURNING id
"""


class SetAsideAction(AuditAction):
    """What operators do with the events that a service has set aside."""

    SET_ASIDE_DROPPED = "set_aside.dropped"
    SET_ASIDE_RETRIED = "set_aside.retried"


@dataclass(frozen=True)
class SetAsideEvent:
    """An event that a reader gave up, without its content. `reason` is a code or the class of an error."""

    consumer: str
    event_id: str
    subject: str
    reason: str = field(repr=False)
    deliveries: int
    set_aside_at: datetime

    @property
    def ids(self) -> list[UUID]:
        """The event's id, or nothing: an event that cannot be read may have another text in its place."""
        try:
            return [UUID(self.event_id)]
        except ValueError:
            return []

    @property
    def kind(self) -> str:
        """The first and the last word of the subject, such as `notice urgent`: what happened, but not to whom."""
        words = self.subject.split(".")
        return f"{words[0]} {words[-1]}"


async def list_set_aside(pool: DatabasePool) -> list[SetAsideEvent]:
    """Return the events that the service of this pool has set aside, the oldest first."""
    return [SetAsideEvent(**row) for row in await pool.fetch(LIST)]


async def send_again(pool: DatabasePool, event_id: UUID) -> bool:
    """
    Have the relay publish an event again. Return False if it is not in the outbox of this pool's service.

    Every reader of the stream gets it: one that has handled it has it in its inbox, and does nothing. It is published
    again even if the relay is publishing it just now, because the reader may have failed at that.
    """
    return await pool.fetchval(SEND_AGAIN, event_id) is not None


async def take_off(pool: DatabasePool, event: SetAsideEvent, action: SetAsideAction) -> None:
    """
    Take an event off the list of the pool's service, and audit it.

    One that has failed again since it was listed stays.
    """
    async with transaction(pool) as db:
        if await db.fetchval(TAKE_OFF, event.consumer, event.event_id, event.set_aside_at) is not None:
            await audit.note(db, None, action, event.ids, fields=[event.consumer])

"""The outbox: events and letters written in the transaction of the change, and the relay that sends them."""

import asyncio
from collections.abc import Mapping, Sequence

import asyncpg
from pydantic import ValidationError

from shared.assertion import Signer
from shared.bus.protocol import Bus
from shared.database import Database, DatabasePool, transaction
from shared.jobs import Job
from shared.log import warn
from shared.messages import Event, Letter, NotAnswered, Refused
from shared.permissions import Caller

BATCH = 200
POLL_SECONDS = 2.0
GATHER_SECONDS = 0.03

ADD_ROW = "INSERT INTO outbox (event_id, subjects, event_type, body) VALUES ($1, $2, $3, $4)"
TAKE_UNSENT = "SELECT id, event_id, subjects, event_type, body, occurred_at FROM take_unsent($1)"
# The content of a letter is deleted once it is delivered.
MARK_CARRIED = """
    UPDATE outbox AS o
    SET sent_at = CASE WHEN t.carried THEN clock_timestamp() END,
        body = CASE WHEN NOT t.carried OR o.event_type <> 'letter' THEN o.body END,
        attempts = o.attempts + CASE WHEN t.carried THEN 0 ELSE 1 END
    FROM unnest($1::bigint[], $2::boolean[]) AS t (id, carried)
    WHERE o.id = t.id
"""
FORGET_OLD = "DELETE FROM outbox WHERE sent_at < clock_timestamp() - interval '30 days'"
COUNT_UNSENT = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"

LETTER = "letter"


async def put(db: Database, event: Event) -> None:
    """Publish this event once the transaction is committed."""
    await db.execute(ADD_ROW, event.event_id, event.subjects(), event.event_type(), event.model_dump_json())


async def put_letter(db: Database, letter: Letter) -> None:
    """Send this letter to another service after commit, retry until it answers, then delete its content."""
    await db.execute(ADD_ROW, letter.letter_id, (letter.subject,), LETTER, letter.model_dump_json())


class Relay:
    """
    Publishes the outbox of a schema on the bus. Every replica may run one; an advisory lock lets one work at a time.

    Delivery is at least once: readers keep an inbox. No order is promised: events hold their record's version. A
    short pause after a wake-up lets the events of several changes leave together.
    """

    def __init__(self, pool: DatabasePool, bus: Bus, signer: Signer, letters: Mapping[str, type[Letter]]) -> None:
        self._pool = pool
        self._bus = bus
        self._signer = signer
        self._letters = letters
        self.job = Job("outbox", self.carry_batch, every=POLL_SECONDS, gather=GATHER_SECONDS)

    def wake(self) -> None:
        """Wake the job. Call this after a commit that added to the outbox; polling finds rows that this misses."""
        self.job.wakeup.set()

    async def carry_batch(self) -> bool:
        """Send up to 200 unsent rows. Return True if more rows may be ready to send."""
        async with transaction(self._pool) as db:
            rows = await db.fetch(TAKE_UNSENT, BATCH)
            carried = await asyncio.gather(*(self._carry(row) for row in rows))
            if rows:
                await db.execute(MARK_CARRIED, [row["id"] for row in rows], carried)
        return len(rows) == BATCH and all(carried)

    async def _carry(self, row: asyncpg.Record) -> bool:
        try:
            if row["event_type"] == LETTER:
                await self._deliver(row)
            else:
                await self._publish(row)
        except (NotAnswered, Refused, ValidationError, KeyError) as error:  # the last two: from another release
            warn("outbox.not_carried", event_id=str(row["event_id"]), error=error)
            return False
        return True

    async def _publish(self, row: asyncpg.Record) -> None:
        """Publish the event once for each body. If some fail, all are sent again, and the stream drops duplicates."""
        body = row["body"].encode()
        sent = (self._bus.publish(each, body, headers_of(row, each, self._signer.key_id)) for each in row["subjects"])
        await asyncio.gather(*sent)

    async def _deliver(self, row: asyncpg.Record) -> None:
        letter = self._letters[row["subjects"][0]].model_validate_json(row["body"])
        caller = Caller(service=self._signer.key_id, job="outbox")
        await self._bus.ask(letter, who=self._signer.sign_caller(caller, letter.service()))


def headers_of(row: asyncpg.Record, subject: str, service: str) -> dict[str, str]:
    """Return CloudEvents 1.0 headers in binary mode, and the id by which the stream drops a duplicate."""
    event_id = str(row["event_id"])
    return {
        "ce-specversion": "1.0",
        "ce-id": event_id,
        "ce-type": row["event_type"],
        "ce-source": f"ics-registers/{service}",
        "ce-time": row["occurred_at"].isoformat(),
        "content-type": "application/json",
        "Nats-Msg-Id": message_id(event_id, row["subjects"], subject),
    }


def message_id(event_id: str, subjects: Sequence[str], subject: str) -> str:
    """Return the event's id for its first subject. For each other one add the body, which is the third word."""
    return event_id if subject == subjects[0] else f"{event_id}.{subject.split('.')[2]}"


async def count_unsent(pool: DatabasePool) -> int:
    found: int = await pool.fetchval(COUNT_UNSENT)
    return found

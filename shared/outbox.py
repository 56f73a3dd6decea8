"""The outbox: events and letters written in the transaction of the change, and the relay that sends them."""

import asyncio
from collections.abc import Mapping

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
POLL_SECONDS = 0.5

ADD_ROW = "INSERT INTO outbox (event_id, subject, event_type, body) VALUES ($1, $2, $3, $4)"
LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.outbox', 0))"
FIND_UNSENT = """
    SELECT id, event_id, subject, event_type, body, occurred_at
    FROM outbox
    WHERE sent_at IS NULL
    ORDER BY attempts, id
    LIMIT $1
"""
MARK_SENT = "UPDATE outbox SET sent_at = clock_timestamp() WHERE id = ANY($1)"
MARK_DELIVERED = "UPDATE outbox SET sent_at = clock_timestamp(), body = NULL WHERE id = ANY($1)"
MARK_TRIED = "UPDATE outbox SET attempts = attempts + 1 WHERE id = ANY($1)"
FORGET_OLD = "DELETE FROM outbox WHERE sent_at < clock_timestamp() - interval '30 days'"
COUNT_UNSENT = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"

LETTER = "letter"


async def put(db: Database, event: Event) -> None:
    """Publish this event once the transaction is committed."""
    await db.execute(ADD_ROW, event.event_id, event.subjects()[0], event.event_type(), event.model_dump_json())


async def put_letter(db: Database, letter: Letter) -> None:
    """Send this letter to another service after commit, retry until it answers, then delete its content."""
    await db.execute(ADD_ROW, letter.letter_id, letter.subject, LETTER, letter.model_dump_json())


class Relay:
    """
    Carries a schema's outbox to the bus. Every replica may run one; an advisory lock lets one work at a time.

    Delivery is at least once: readers keep an inbox. No order is promised: events carry their record's version.
    """

    def __init__(self, pool: DatabasePool, bus: Bus, signer: Signer, letters: Mapping[str, type[Letter]]) -> None:
        self._pool = pool
        self._bus = bus
        self._signer = signer
        self._letters = letters
        self.job = Job("outbox", self.carry_batch, every=POLL_SECONDS)

    def wake(self) -> None:
        """Wake the job. Call this after a commit that added to the outbox; polling finds rows that this misses."""
        self.job.wakeup.set()

    async def carry_batch(self) -> bool:
        """Carry up to 200 unsent rows. Return True if more rows may be ready to send."""
        async with transaction(self._pool) as db:
            if not await db.fetchval(LOCK):
                return False
            rows = await db.fetch(FIND_UNSENT, BATCH)
            outcomes = await asyncio.gather(*(self._carry(row) for row in rows))
            gone = [row for row, carried in zip(rows, outcomes, strict=True) if carried]
            left = [row["id"] for row, carried in zip(rows, outcomes, strict=True) if not carried]
            await db.execute(MARK_DELIVERED, [row["id"] for row in gone if row["event_type"] == LETTER])
            await db.execute(MARK_SENT, [row["id"] for row in gone if row["event_type"] != LETTER])
            if left:
                await db.execute(MARK_TRIED, left)
        return len(rows) == BATCH and not left

    async def _carry(self, row: asyncpg.Record) -> bool:
        try:
            if row["event_type"] == LETTER:
                await self._deliver(row)
            else:
                await self._bus.publish(row["subject"], row["body"].encode(), headers_of(row, self._signer.key_id))
        except (NotAnswered, Refused, ValidationError, KeyError) as error:  # the last two: another release wrote it
            warn("outbox.not_carried", event_id=str(row["event_id"]), error=error)
            return False
        return True

    async def _deliver(self, row: asyncpg.Record) -> None:
        letter = self._letters[row["subject"]].model_validate_json(row["body"])
        caller = Caller(service=self._signer.key_id, job="outbox")
        await self._bus.ask(letter, who=self._signer.sign_caller(caller, letter.service()))


def headers_of(row: asyncpg.Record, service: str) -> dict[str, str]:
    """Return CloudEvents 1.0 headers in binary mode, and the id by which the stream drops a duplicate."""
    return {
        "ce-specversion": "1.0",
        "ce-id": str(row["event_id"]),
        "ce-type": row["event_type"],
        "ce-source": f"ics-registers/{service}",
        "ce-time": row["occurred_at"].isoformat(),
        "content-type": "application/json",
        "Nats-Msg-Id": str(row["event_id"]),
    }


async def count_unsent(pool: DatabasePool) -> int:
    found: int = await pool.fetchval(COUNT_UNSENT)
    return found

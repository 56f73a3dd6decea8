"""The outbox: events and letters written in the transaction of the change, and the relay that sends them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

import asyncpg
from pydantic import ValidationError

from shared.assertion import Signer
from shared.bus.protocol import Bus, StreamPlace, is_away
from shared.database import Database, DatabasePool, transaction
from shared.jobs import Job
from shared.log import warn
from shared.lost_events import MOST_AT_ONCE, LostEvents
from shared.messages import Event, Letter, NotAnswered, Refused
from shared.permissions import Caller

BATCH = 200
LOST_BATCH = 50  # so that new events do not wait long for those that are sent again
POLL_SECONDS = 2.0
GATHER_SECONDS = 0.03
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 15.0

ADD_ROW = "INSERT INTO outbox (event_id, subjects, event_type, body) VALUES ($1, $2, $3, $4)"
TAKE_OUTGOING = """
    SELECT id, event_id, subjects, event_type, body, occurred_at, lost_at
    FROM take_outgoing($1, $2, $3)
"""
# The content of a letter is deleted once it is delivered. `sent_at` stays the first time, from which rows are kept, and
# after which readers forget that they have handled an event. An event that was marked for sending again meanwhile stays
# marked.
MARK_CARRIED = """
    UPDATE outbox AS o
    SET sent_at = CASE WHEN t.carried THEN coalesce(o.sent_at, clock_timestamp()) ELSE o.sent_at END,
        lost_at = CASE WHEN NOT t.carried OR o.lost_at IS DISTINCT FROM t.lost_at THEN o.lost_at END,
        body = CASE WHEN NOT t.carried OR o.event_type <> 'letter' THEN o.body END,
        attempts = o.attempts + CASE WHEN t.carried THEN 0 ELSE 1 END,
        stream_made_at = CASE WHEN t.carried THEN t.made_at ELSE o.stream_made_at END,
        stream_sequence = CASE WHEN t.carried THEN t.sequence ELSE o.stream_sequence END
    FROM unnest($1::bigint[], $2::boolean[], $3::timestamptz[], $4::bigint[], $5::timestamptz[])
        AS t (id, carried, made_at, sequence, lost_at)
    WHERE o.id = t.id
"""
KEPT_DAYS = 30
KEPT_WHILE_LOST_DAYS = 34  # for an event that waits to be sent again
FORGET_OLD = f"""
    DELETE FROM outbox
    WHERE sent_at < clock_timestamp() - interval '{KEPT_DAYS} days'
        AND (lost_at IS NULL OR sent_at < clock_timestamp() - interval '{KEPT_WHILE_LOST_DAYS} days')
"""  # noqa: S608
SEND_ALL_AGAIN = "SELECT marked, last_id FROM send_all_again($1, $2)"
COUNT_UNSENT = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"

LETTER = "letter"


async def put(db: Database, event: Event) -> None:
    """Publish this event once the transaction is committed."""
    await db.execute(ADD_ROW, event.event_id, event.subjects(), event.event_type(), event.model_dump_json())


async def put_letter(db: Database, letter: Letter) -> None:
    """Send this letter to another service after commit, retry until it answers, then delete its content."""
    await db.execute(ADD_ROW, letter.letter_id, (letter.subject,), LETTER, letter.model_dump_json())


@dataclass(frozen=True)
class Carried:
    """What became of one row. `place`: where the stream has stored an event. `error`: why the row was not sent."""

    row: asyncpg.Record
    place: StreamPlace | None = None
    error: Exception | None = None

    @property
    def family(self) -> str:
        return family_of(self.row)


class RefusedFamily:
    """
    How long the bus has refused every event of one family, and when to try again.

    The wait doubles each time, up to 15 seconds.
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._next_try = 0.0
        self._wait = FIRST_WAIT_SECONDS

    def must_wait(self) -> bool:
        return monotonic() < self._next_try

    def try_now(self) -> None:
        """Begin with the shortest wait again, because the bus was away and may have been mended."""
        self._next_try, self._wait = 0.0, FIRST_WAIT_SECONDS

    def note(self, events: Sequence[Carried]) -> None:
        if any(each.place for each in events):
            self._since, self._next_try, self._wait = None, 0.0, FIRST_WAIT_SECONDS
        elif any(each.error is not None and is_away(each.error) for each in events):
            now = monotonic()
            self._since = self._since or now
            self._next_try, self._wait = now + self._wait, min(self._wait * 2, LONGEST_WAIT_SECONDS)

    def seconds(self) -> float:
        """Return for how long every event has been refused: 0 if the last one was stored."""
        return monotonic() - self._since if self._since is not None else 0.0


class Relay:
    """
    Publishes the outbox of a schema on the bus. Every replica may run one; an advisory lock lets one work at a time.

    Delivery is at least once: readers keep an inbox. No order is promised: events hold their record's version. A
    short pause after a wake-up lets the events of several changes leave together. What a stream of one of `families`
    has lost is published again.
    """

    def __init__(
        self,
        pool: DatabasePool,
        bus: Bus,
        signer: Signer,
        letters: Mapping[str, type[Letter]],
        families: Sequence[str] = (),
    ) -> None:
        self._pool = pool
        self._bus = bus
        self._signer = signer
        self._letters = letters
        self._lost = LostEvents(pool, bus, families)
        self._refused: dict[str, RefusedFamily] = {}
        self._reconnects = 0
        self.job = Job("outbox", self.carry_batch, every=POLL_SECONDS, gather=GATHER_SECONDS)

    def wake(self) -> None:
        """Wake the job. Call this after a commit that added to the outbox; polling finds rows that this misses."""
        self.job.wakeup.set()

    def refused_seconds(self) -> float:
        """Return for how long a stream has refused every event: 0 while all streams store them."""
        return max((each.seconds() for each in self._refused.values()), default=0.0)

    def _may_carry(self) -> bool:
        return self._bus.connected

    async def carry_batch(self) -> bool:
        """Send up to 200 unsent rows, and some events that were lost. Return True if more may be ready to send."""
        if not self._may_carry():
            return False
        await self._lost.look()
        async with transaction(self._pool) as db:
            rows = await db.fetch(TAKE_OUTGOING, BATCH, LOST_BATCH, self._waiting())
            batch = await asyncio.gather(*(self._carry(row) for row in rows))
            if batch:
                await db.execute(MARK_CARRIED, *self._marks(batch))
        self._note(batch)
        return _may_have_more(batch)

    def _waiting(self) -> list[str]:
        """Return the families that the bus has refused, and that must wait before the next try."""
        if self._reconnects != self._bus.reconnects:
            self._reconnects = self._bus.reconnects
            for each in self._refused.values():
                each.try_now()
        return [family for family, refused in self._refused.items() if refused.must_wait()]

    def _marks(self, batch: Sequence[Carried]) -> tuple[list[object], ...]:
        """Return the columns that `MARK_CARRIED` takes."""
        return (
            [each.row["id"] for each in batch],
            [each.error is None for each in batch],
            [self._lost.made_at(each.family) if each.place else None for each in batch],
            [each.place.sequence if each.place else None for each in batch],
            [each.row["lost_at"] for each in batch],
        )

    def _note(self, batch: Sequence[Carried]) -> None:
        for family in {each.family for each in batch if is_event(each.row)}:
            events = [each for each in batch if each.family == family]
            self._refused.setdefault(family, RefusedFamily()).note(events)
            self._lost.stored(family, [each.place for each in events if each.place])
        failed = [each for each in batch if each.error is not None]
        if failed:
            example = failed[0]
            warn("outbox.not_carried", count=len(failed), event_id=str(example.row["event_id"]), error=example.error)

    async def _carry(self, row: asyncpg.Record) -> Carried:
        try:
            if is_event(row):
                return Carried(row, place=await self._publish(row))
            await self._deliver(row)
        except (NotAnswered, Refused, ValidationError, KeyError) as error:  # the last two: from another release
            return Carried(row, error=error)
        return Carried(row)

    async def _publish(self, row: asyncpg.Record) -> StreamPlace:
        """
        Publish the event once for each body. If some fail, all are sent again, and the stream drops duplicates.

        Return the place of the first body's message, from which readers take the event.
        """
        body = row["body"].encode()
        sent = (self._bus.publish(each, body, headers_of(row, each, self._signer.key_id)) for each in row["subjects"])
        first, *_ = await asyncio.gather(*sent)
        return first

    async def _deliver(self, row: asyncpg.Record) -> None:
        letter = self._letters[row["subjects"][0]].model_validate_json(row["body"])
        caller = Caller(service=self._signer.key_id, job="outbox")
        await self._bus.ask(letter, who=self._signer.sign_caller(caller, letter.service()))


def is_event(row: asyncpg.Record) -> bool:
    return bool(row["event_type"] != LETTER)


def family_of(row: asyncpg.Record) -> str:
    """Return the first word of the first subject, which decides the stream of an event."""
    return str(row["subjects"][0]).partition(".")[0]


def _may_have_more(batch: Sequence[Carried]) -> bool:
    lost = sum(each.row["lost_at"] is not None for each in batch)
    is_full = lost == LOST_BATCH or len(batch) - lost == BATCH
    return is_full and all(each.error is None for each in batch)


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
        "Nats-Msg-Id": message_id(event_id, row["subjects"], subject, row["lost_at"]),
    }


def message_id(event_id: str, subjects: Sequence[str], subject: str, lost_at: datetime | None = None) -> str:
    """
    Return the event's id for its first subject. For each other one add the body, which is the third word.

    An event that its stream has lost needs other ids, because the stream may still remember the first ones.
    """
    name = f"{event_id}.{lost_at.timestamp():.6f}" if lost_at else event_id
    return name if subject == subjects[0] else f"{name}.{subject.split('.')[2]}"


async def count_unsent(pool: DatabasePool) -> int:
    found: int = await pool.fetchval(COUNT_UNSENT)
    return found


async def send_all_again(pool: DatabasePool) -> int:
    """
    Have the relay publish every event that the outbox keeps, and return how many. Readers drop what they have.

    For a database that was restored: its readers may have handled less than the streams remember.
    """
    marked, last_id = 0, 0
    while last_id is not None:
        [part] = await pool.fetch(SEND_ALL_AGAIN, last_id, MOST_AT_ONCE)
        marked, last_id = marked + part["marked"], part["last_id"]
    return marked

"""What a stream acknowledged and then lost is published again, and what it still has is not."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from shared import lost_events, outbox
from shared.assertion import Signer
from shared.bus.protocol import Context, Follower, StreamState
from shared.contracts import EVENTS, LETTERS
from shared.contracts.notifier import QueueMail
from shared.database import DatabasePool, transaction
from shared.fake_bus import FakeBus, FakeWire
from shared.inbox import KEPT_DAYS as INBOX_DAYS
from shared.inbox import is_new
from shared.lost_events import KnownStream
from shared.messages import PROCESSES, Fault, NotAnswered, Nothing
from shared.outbox import (
    BATCH,
    FORGET_OLD,
    KEPT_WHILE_LOST_DAYS,
    LOST_BATCH,
    Relay,
    put,
    put_letter,
    send_all_again,
)
from shared.streams import STREAM_OF, STREAMS, families_of
from tests.conftest import OpenDatabase
from tests.services.spine.test_outbox import SEED, Happened, a_letter, an_event, carry_all

FIND_LOST = """
    SELECT event_id FROM outbox WHERE lost_at IS NOT NULL ORDER BY id
"""

ADD_SENT = """
    INSERT INTO outbox (event_id, subjects, event_type, body, sent_at, stream_made_at, stream_sequence)
    SELECT gen_random_uuid(), '{event.dsr.body.happened}', 'dsr-happened-1', '{}', clock_timestamp(), $1, place
    FROM generate_series(1, $2::bigint) AS place
"""


class LookedAtBus(FakeBus):
    """A bus whose stream is in the state that a test names, or in its own."""

    found: StreamState | None = None

    async def look_at_stream(self, name: str) -> StreamState:
        return self.found or await super().look_at_stream(name)


@dataclass
class Lossy:
    """A relay and the wire that it publishes to, which a test can let lose messages."""

    pool: DatabasePool
    wire: FakeWire = field(default_factory=FakeWire)

    def __post_init__(self) -> None:
        self.bus = LookedAtBus("identity", self.wire)
        self.relay = Relay(self.pool, self.bus, Signer("identity", SEED), LETTERS, ("event",))

    async def tell(self, count: int = 1) -> list[UUID]:
        """Publish so many events, and return their ids."""
        events = [an_event() for _ in range(count)]
        async with transaction(self.pool) as db:
            for each in events:
                await put(db, each)
        await carry_all(self.relay)
        return [each.event_id for each in events]

    def published(self) -> list[UUID]:
        return [UUID(headers["ce-id"]) for _, _, headers in self.wire.published]

    def is_made_again(self) -> None:
        """Let the store be lost, and the stream be declared again."""
        self.wire.published.clear()
        self.wire.made_at = datetime.now(UTC)

    async def look(self, found: StreamState) -> list[UUID]:
        """Compare with a stream in this state, and return the events that are marked as lost."""
        self.bus.found = found
        await self.relay._lost.look()
        return [row["event_id"] for row in await self.pool.fetch(FIND_LOST)]


@pytest.fixture
async def lossy(database: OpenDatabase, monkeypatch: pytest.MonkeyPatch) -> Lossy:
    monkeypatch.setattr(lost_events, "LOOK_EVERY_SECONDS", 0.0)
    return Lossy(await database("identity"))


async def test_a_stream_that_was_made_again_gets_every_event_again(lossy: Lossy) -> None:
    told = await lossy.tell(3)
    lossy.is_made_again()

    await carry_all(lossy.relay)

    assert told == lossy.published()


async def test_readers_that_have_an_event_drop_it_and_the_others_take_it(lossy: Lossy) -> None:
    taken: list[UUID] = []

    async def take(event: Happened) -> None:
        async with transaction(lossy.pool) as db:
            if await is_new(db, "reader", event):
                taken.append(event.event_id)

    async def not_set_aside(_id: str, _subject: str, reason: str, _deliveries: int) -> None:
        raise AssertionError(reason)

    reader = Follower("reader", "EVENTS", (Happened,), take, not_set_aside)
    await lossy.bus.follow(reader)
    first = await lossy.tell()
    lossy.wire.followers.clear()
    second = await lossy.tell()
    lossy.is_made_again()
    await lossy.bus.follow(reader)

    await carry_all(lossy.relay)

    assert [*first, *second] == taken


async def test_a_stream_that_only_grows_gets_nothing_again(lossy: Lossy) -> None:
    told = [each for _ in range(3) for each in await lossy.tell(2)]

    for _ in range(3):
        await carry_all(lossy.relay)

    assert told == lossy.published()


async def test_each_event_is_sent_again_once_for_one_loss(lossy: Lossy) -> None:
    told = await lossy.tell(2)
    lossy.is_made_again()

    for _ in range(3):
        await carry_all(lossy.relay)

    assert told == lossy.published()
    assert [] == await lossy.pool.fetch(FIND_LOST)


async def test_a_store_from_an_older_copy_gets_what_it_had_lost(lossy: Lossy) -> None:
    told = await lossy.tell(4)
    del lossy.wire.published[2:]

    await carry_all(lossy.relay)

    assert set(told) == set(lossy.published())


async def test_a_store_that_went_back_is_found_although_new_events_fill_it_up_first(
    lossy: Lossy, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await lossy.tell(3)
    monkeypatch.setattr(lost_events, "LOOK_EVERY_SECONDS", 3600.0)
    await lossy.tell(0)
    del lossy.wire.published[1:]

    more = await lossy.tell(4)
    await carry_all(lossy.relay)

    assert {*told, *more} == set(lossy.published())


async def test_a_process_that_starts_later_finds_what_was_lost_before(lossy: Lossy) -> None:
    told = await lossy.tell(2)
    lossy.is_made_again()

    await carry_all(Lossy(lossy.pool, lossy.wire).relay)

    assert told == lossy.published()


async def test_an_event_of_an_earlier_version_is_lost_if_the_stream_is_younger(lossy: Lossy) -> None:
    before, after = await lossy.tell(2)
    await lossy.pool.execute("UPDATE outbox SET stream_made_at = NULL, stream_sequence = NULL")
    await lossy.pool.execute("UPDATE outbox SET sent_at = sent_at - interval '1 day' WHERE event_id = $1", before)
    lossy.wire.made_at = datetime.now(UTC) - timedelta(hours=1)
    state = await FakeBus("identity", lossy.wire).look_at_stream("EVENTS")

    assert [before] == await Lossy(lossy.pool).look(state)
    assert after in lossy.published()


@pytest.mark.parametrize("most", [1, 3, 7, 8])
async def test_however_much_is_lost_it_is_marked_at_one_look(
    lossy: Lossy, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(lost_events, "MOST_AT_ONCE", most)
    told = await lossy.tell(7)

    assert told == await lossy.look(StreamState(lossy.wire.made_at, 1, 2, (), timedelta(days=30)))


@pytest.mark.parametrize("most", [1, 3, 8])
async def test_all_is_lost_in_parts_though_the_oldest_event_alone_shows_that_the_stream_went_back(
    lossy: Lossy, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(lost_events, "MOST_AT_ONCE", most)
    told = await lossy.tell(7)  # the first one was sent again later
    await lossy.pool.execute("UPDATE outbox SET stream_sequence = 8 WHERE event_id = $1", told[0])

    assert told == await Lossy(lossy.pool).look(StreamState(lossy.wire.made_at, 1, 7, (), timedelta(days=30)))


async def test_what_was_purged_or_damaged_before_its_time_is_lost(lossy: Lossy) -> None:
    told = await lossy.tell(5)
    day = timedelta(days=1)

    found = await lossy.look(StreamState(lossy.wire.made_at, 2, 5, (4,), 30 * day))

    assert [told[0], told[3]] == found


async def test_what_the_stream_forgot_in_due_time_is_not_lost(lossy: Lossy) -> None:
    old, young, _ = await lossy.tell(3)
    await lossy.pool.execute("UPDATE outbox SET sent_at = sent_at - interval '7 days' WHERE event_id = $1", old)

    found = await lossy.look(StreamState(lossy.wire.made_at, 3, 3, (), timedelta(days=7)))

    assert [young] == found


async def test_a_letter_is_never_sent_again(lossy: Lossy) -> None:
    taken: list[UUID] = []

    async def take(asked: QueueMail, _context: Context) -> Nothing:
        taken.append(asked.letter_id)
        return Nothing()

    letter = a_letter()
    await FakeBus("notifier", lossy.wire).answer(QueueMail, take)
    async with transaction(lossy.pool) as db:
        await put_letter(db, letter)
    await carry_all(lossy.relay)
    lossy.is_made_again()

    await carry_all(lossy.relay)
    marked = await send_all_again(lossy.pool)

    assert ([letter.letter_id], 0) == (taken, marked)


async def test_new_events_do_not_wait_for_those_that_are_sent_again(lossy: Lossy) -> None:
    told = await lossy.tell(LOST_BATCH + 10)
    lossy.is_made_again()
    new = an_event()
    async with transaction(lossy.pool) as db:
        await put(db, new)

    more = await lossy.relay.carry_batch()

    assert (True, [new.event_id, *told[:LOST_BATCH]]) == (more, lossy.published())
    await carry_all(lossy.relay)
    assert {new.event_id, *told} == set(lossy.published())
    assert LOST_BATCH <= BATCH // 4


async def test_a_stream_that_still_remembers_the_first_id_stores_the_event_again(lossy: Lossy) -> None:
    [told] = await lossy.tell()
    await send_all_again(lossy.pool)

    await carry_all(lossy.relay)

    names = [headers["Nats-Msg-Id"] for _, _, headers in lossy.wire.published]
    assert [told, told] == lossy.published()
    assert 2 == len(set(names))


@pytest.mark.parametrize("most", [1, 3, 7, 8])
async def test_however_many_events_are_kept_all_are_sent_again_in_parts(
    lossy: Lossy, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(outbox, "MOST_AT_ONCE", most)
    told = await lossy.tell(7)
    await lossy.pool.execute(
        "UPDATE outbox SET lost_at = clock_timestamp() WHERE event_id = $1", told[2]
    )  # it waits already

    assert (6, 0) == (await send_all_again(lossy.pool), await send_all_again(lossy.pool))
    assert told == [row["event_id"] for row in await lossy.pool.fetch(FIND_LOST)]


async def test_thousands_of_gaps_are_compared_with_thousands_of_events_within_the_time_of_a_statement(
    lossy: Lossy,
) -> None:
    """After some looks the database plans without knowing the gaps: then it must not compare each pair."""
    await lossy.pool.execute(ADD_SENT, lossy.wire.made_at, 20_000)
    held = (lossy.wire.made_at, 1, 80_000, list(range(10_001, 80_000)), timedelta(days=30))

    async with transaction(lossy.pool) as db:
        await db.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        found = await db.fetchval(lost_events.FIND_LOST, "event", *held, False, 20_000)

    assert 10_000 == found


async def test_the_time_from_which_an_event_is_kept_stays_the_first_one(lossy: Lossy) -> None:
    """Otherwise an event could come again when readers have forgotten that they handled it."""
    await lossy.tell()
    first = await lossy.pool.fetchval("SELECT sent_at FROM outbox")
    lossy.is_made_again()

    await carry_all(lossy.relay)

    assert first == await lossy.pool.fetchval("SELECT sent_at FROM outbox")


async def test_an_event_that_waits_to_be_sent_again_is_kept_a_few_days_longer(lossy: Lossy) -> None:
    """A weekend on which NATS is away must not delete what is lost."""
    _gone, lost, _too_old = await lossy.tell(3)
    await lossy.pool.execute("UPDATE outbox SET sent_at = sent_at - make_interval(days => 30 + 2 * id::integer - 1)")
    await lossy.pool.execute("UPDATE outbox SET lost_at = clock_timestamp() WHERE id > 1")

    await lossy.pool.execute(FORGET_OLD)

    assert [lost] == [row["event_id"] for row in await lossy.pool.fetch("SELECT event_id FROM outbox")]


def test_readers_remember_an_event_for_as_long_as_it_can_come_again() -> None:
    assert INBOX_DAYS > KEPT_WHILE_LOST_DAYS + max(stream.days for stream in STREAMS)


async def test_events_go_out_while_nobody_says_what_the_stream_holds(
    lossy: Lossy, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_name: str) -> StreamState:
        raise NotAnswered(Fault.UNAVAILABLE)

    monkeypatch.setattr(lossy.bus, "look_at_stream", refuse)

    told = await lossy.tell(2)

    assert told == lossy.published()


async def test_events_go_out_while_the_database_takes_too_long_to_compare(
    lossy: Lossy, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_lost = lost_events.FIND_LOST
    monkeypatch.setattr(lost_events, "LONGEST_UNSEEN_SECONDS", 0.0)
    before = await lossy.tell(2)
    lossy.is_made_again()
    monkeypatch.setattr(lost_events, "FIND_LOST", find_lost + " FROM pg_sleep(4)")

    new = await lossy.tell()

    assert new == lossy.published()
    monkeypatch.setattr(lost_events, "FIND_LOST", find_lost)
    await carry_all(lossy.relay)
    assert {*new, *before} == set(lossy.published())


async def test_what_was_marked_and_rolled_back_is_found_at_the_next_look(
    lossy: Lossy, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await lossy.tell(2)
    lossy.is_made_again()
    second = KnownStream("notice")
    monkeypatch.setitem(lossy.relay._lost._streams, "notice", second)

    def fail(_found: StreamState) -> bool:
        raise asyncpg.DiskFullError

    with monkeypatch.context() as broken:
        broken.setattr(second, "is_unchanged", fail)
        with pytest.raises(asyncpg.DiskFullError):
            await lossy.relay._lost.look()

    await carry_all(lossy.relay)

    assert told == lossy.published()


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_looks_at_the_streams_that_it_publishes_to(process: str) -> None:
    streams = {STREAM_OF[each.family] for each in EVENTS if each.told_by == process}

    assert streams == {STREAM_OF[family] for family in families_of(process)}


async def test_a_new_event_has_no_place_and_is_no_loss(lossy: Lossy) -> None:
    async with transaction(lossy.pool) as db:
        await put(db, an_event())

    assert [] == await lossy.look(StreamState(datetime.now(UTC), 1, 0, (), timedelta(days=30)))

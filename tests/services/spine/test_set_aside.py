"""An event that was set aside is delivered again when an operator says so, once, and to nobody twice."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from shared.assertion import Signer
from shared.bus.protocol import Follower, StreamPlace
from shared.contracts import LETTERS
from shared.database import DatabasePool, transaction
from shared.fake_bus import FakeBus, FakeWire
from shared.inbox import SetAside, is_new
from shared.outbox import Relay, put
from shared.set_aside import SetAsideAction, list_set_aside, send_again, take_off
from tests.conftest import OpenDatabase
from tests.services.spine.test_outbox import SEED, Happened, an_event, carry_all, relay_of


class Reader:
    """A follower that fails while `broken` is set, and notes in its inbox what it has taken."""

    def __init__(self, pool: DatabasePool, durable: str, *, broken: bool) -> None:
        self.broken = broken
        self.taken: list[UUID] = []
        self.follower = Follower(durable, "EVENTS", (Happened,), self._take, SetAside(pool, durable))
        self._pool = pool

    async def _take(self, event: Happened) -> None:
        async with transaction(self._pool) as db:
            if not await is_new(db, self.follower.durable, event):
                return
            if self.broken:
                raise KeyError
        self.taken.append(event.event_id)


async def test_what_was_set_aside_is_delivered_again_to_the_reader_that_lacks_it(database: OpenDatabase) -> None:
    pool, wire, event = await database("reports"), FakeWire(), an_event()
    well, broken = Reader(pool, "well", broken=False), Reader(pool, "broken", broken=True)
    for each in (well, broken):
        await FakeBus("reports", wire).follow(each.follower)
    async with transaction(pool) as db:
        await put(db, event)
    await carry_all(relay_of(pool, wire))
    [aside] = await list_set_aside(pool)
    assert ("broken", str(event.event_id), "event happened", "KeyError") == (
        aside.consumer,
        aside.event_id,
        aside.kind,
        aside.reason,
    )

    broken.broken = False
    assert await send_again(pool, event.event_id)
    await take_off(pool, aside, SetAsideAction.SET_ASIDE_RETRIED)
    await carry_all(relay_of(pool, wire))

    assert ([event.event_id], [event.event_id]) == (well.taken, broken.taken)
    assert [] == await list_set_aside(pool)


async def test_what_fails_again_is_set_aside_again(database: OpenDatabase) -> None:
    pool, wire, event = await database("reports"), FakeWire(), an_event()
    await FakeBus("reports", wire).follow(Reader(pool, "broken", broken=True).follower)
    async with transaction(pool) as db:
        await put(db, event)
    await carry_all(relay_of(pool, wire))
    [aside] = await list_set_aside(pool)

    await send_again(pool, event.event_id)
    await take_off(pool, aside, SetAsideAction.SET_ASIDE_RETRIED)
    await carry_all(relay_of(pool, wire))

    [again] = await list_set_aside(pool)
    assert again.set_aside_at > aside.set_aside_at


async def test_what_fails_again_before_it_is_taken_off_the_list_stays_on_it(database: OpenDatabase) -> None:
    pool, wire, event = await database("reports"), FakeWire(), an_event()
    await FakeBus("reports", wire).follow(Reader(pool, "broken", broken=True).follower)
    async with transaction(pool) as db:
        await put(db, event)
    await carry_all(relay_of(pool, wire))
    [aside] = await list_set_aside(pool)

    await send_again(pool, event.event_id)
    await carry_all(relay_of(pool, wire))
    await take_off(pool, aside, SetAsideAction.SET_ASIDE_RETRIED)

    [again] = await list_set_aside(pool)
    assert again.set_aside_at > aside.set_aside_at


async def test_an_event_that_is_retried_while_the_relay_publishes_it_is_published_again(
    database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, wire, event = await database("reports"), FakeWire(), an_event()
    bus = FakeBus("reports", wire)
    publish = bus.publish

    async def publish_and_retry(subject: str, body: bytes, headers: Mapping[str, str]) -> StreamPlace:
        stored = await publish(subject, body, headers)
        if len(wire.published) < 3:
            assert await send_again(pool, event.event_id)
        return stored

    monkeypatch.setattr(bus, "publish", publish_and_retry)
    async with transaction(pool) as db:
        await put(db, event)
    relay = Relay(pool, bus, Signer("reports", SEED), LETTERS)
    for _ in range(4):
        await carry_all(relay)

    names = [headers["Nats-Msg-Id"] for _, _, headers in wire.published]
    assert (3, 3) == (len(names), len(set(names)))


async def test_an_event_that_no_outbox_has_is_not_sent_again(database: OpenDatabase) -> None:
    assert not await send_again(await database("reports"), an_event().event_id)

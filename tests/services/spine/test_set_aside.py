"""An event that was set aside is delivered again when an operator says so, once, and to nobody twice."""

from uuid import UUID

from shared.bus.protocol import Follower
from shared.database import DatabasePool, transaction
from shared.fake_bus import FakeBus, FakeWire
from shared.inbox import SetAside, is_new
from shared.outbox import put
from shared.set_aside import SetAsideAction, list_set_aside, send_again, take_off
from tests.conftest import OpenDatabase
from tests.services.spine.test_outbox import Happened, an_event, carry_all, relay_of


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


async def test_an_event_that_no_outbox_has_is_not_sent_again(database: OpenDatabase) -> None:
    assert not await send_again(await database("reports"), an_event().event_id)

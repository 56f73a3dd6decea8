"""Tests of followers that take several events together, on the real bus."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from deploy.runner.waiting import until
from shared.bus import following
from shared.bus.nats_bus import NatsBus
from shared.bus.protocol import MAX_DELIVERIES, Bus, Follower
from shared.messages import Fault, NotAnswered
from tests.contracts.conftest import CANARY, Connect
from tests.contracts.test_bus import Happened, an_event, headers_of

DURABLE, STREAM = "gateway--event", "EVENTS"
GATHER = 0.4
READ_SECONDS = 10.0


@dataclass
class Taken:
    """What a follower was given: each call with several events, each event that came alone, and those set aside."""

    bad: dict[UUID, Exception] = field(default_factory=dict)
    together: list[list[UUID]] = field(default_factory=list)
    alone: list[UUID] = field(default_factory=list)
    done: list[UUID] = field(default_factory=list)
    set_aside: list[tuple[str, str]] = field(default_factory=list)

    def follower(self, gather: float = 0.0) -> Follower:
        return Follower(
            DURABLE,
            STREAM,
            (Happened,),
            self._take,
            self._keep,
            take_together=self._take_together,
            gather=gather,
        )

    async def _take(self, event: Happened) -> None:
        self.alone.append(event.event_id)
        if event.event_id in self.bad:
            raise self.bad[event.event_id]
        self.done.append(event.event_id)

    async def _take_together(self, events: Sequence[Happened]) -> None:
        found = [each.event_id for each in events]
        self.together.append(found)
        for each in found:
            if each in self.bad:
                raise self.bad[each]
        self.done += found

    async def _keep(self, event_id: str, _subject: str, reason: str, _deliveries: int) -> None:
        self.set_aside.append((event_id, reason))

    async def have(self, events: Sequence[Happened]) -> bool:
        """Wait until the follower has handled as many events as these."""
        return await until(lambda: _is(len(self.done) >= len(events)), READ_SECONDS, every=0.01)


async def _is(true: bool) -> bool:
    return true


@pytest.fixture
async def teller(on_nats: Connect) -> Bus:
    return await on_nats("identity")


@pytest.fixture
async def reader(on_nats: Connect) -> NatsBus:
    bus = await on_nats("gateway")
    assert isinstance(bus, NatsBus)
    return bus


async def tell(teller: Bus, events: Sequence[Happened]) -> None:
    for event in events:
        await teller.publish(event.subjects()[0], event.model_dump_json().encode(), headers_of(event))


async def is_acknowledged(reader: NatsBus) -> bool:
    """Return whether the stream has nothing left for the follower, and waits for no acknowledgement."""
    info = await reader.connection.jetstream().consumer_info(STREAM, DURABLE)
    return not info.num_pending and not info.num_ack_pending


async def test_events_that_wait_are_taken_together_in_their_order(teller: Bus, reader: NatsBus) -> None:
    events, taken = [an_event() for _ in range(5)], Taken()
    await tell(teller, events)

    await reader.follow(taken.follower())
    assert await taken.have(events)

    assert ([[each.event_id for each in events]], []) == (taken.together, taken.alone)
    assert await until(lambda: is_acknowledged(reader), READ_SECONDS, every=0.05)


async def test_more_events_than_fit_are_taken_in_several_parts_and_in_order(teller: Bus, reader: NatsBus) -> None:
    events, taken = [an_event() for _ in range(following.BATCH * 2 + 5)], Taken()
    await tell(teller, events)

    await reader.follow(taken.follower(GATHER))
    assert await taken.have(events)

    assert [each.event_id for each in events] == taken.done
    assert following.BATCH == max(len(each) for each in taken.together)


async def test_a_lone_event_is_taken_at_once_and_those_after_it_gather(teller: Bus, reader: NatsBus) -> None:
    first, *others = events = [an_event() for _ in range(5)]
    taken = Taken()
    await reader.follow(taken.follower(GATHER))
    await tell(teller, [first])
    assert await taken.have([first])

    await tell(teller, others)
    assert await taken.have(events)

    assert [first.event_id] == taken.alone
    assert [[each.event_id for each in others]] == taken.together


@pytest.mark.parametrize("error", [RuntimeError(CANARY), NotAnswered(Fault.TOO_LATE)])
async def test_one_bad_event_neither_stops_nor_loses_the_others(
    teller: Bus, reader: NatsBus, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "AGAIN_AFTER_SECONDS", (0.2,) * MAX_DELIVERIES)
    *before, bad, after = events = [an_event() for _ in range(5)]
    taken = Taken({bad.event_id: error})
    good = [each.event_id for each in (*before, after)]
    await tell(teller, events)

    await reader.follow(taken.follower())
    assert await taken.have([*before, after])

    assert good == taken.done
    assert [[each.event_id for each in events]] == taken.together
    taken.bad.clear()
    assert await taken.have(events)
    assert [*good, bad.event_id] == taken.done
    assert [] == taken.set_aside
    assert await until(lambda: is_acknowledged(reader), READ_SECONDS, every=0.05)


async def test_a_bad_event_among_others_is_set_aside_after_as_many_tries_as_alone(
    teller: Bus, reader: NatsBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "AGAIN_AFTER_SECONDS", (0.05,) * MAX_DELIVERIES)
    bad, *others = events = [an_event() for _ in range(4)]
    taken = Taken({bad.event_id: RuntimeError(CANARY)})
    await tell(teller, events)

    await reader.follow(taken.follower())
    assert await until(lambda: _is(bool(taken.set_aside)), READ_SECONDS, every=0.01)

    assert [(str(bad.event_id), "RuntimeError")] == taken.set_aside
    assert MAX_DELIVERIES == taken.alone.count(bad.event_id)
    assert [each.event_id for each in others] == taken.done


async def test_an_unreadable_event_among_others_is_set_aside_and_they_are_taken(teller: Bus, reader: NatsBus) -> None:
    events, unreadable, taken = [an_event() for _ in range(3)], an_event(), Taken()
    await teller.publish(unreadable.subjects()[0], b'{"event_id": 7}', headers_of(unreadable))
    await tell(teller, events)

    await reader.follow(taken.follower())
    assert await taken.have(events)

    assert ([each.event_id for each in events], []) == (taken.done, taken.together)
    assert [(str(unreadable.event_id), "unreadable")] == taken.set_aside
    assert await until(lambda: is_acknowledged(reader), READ_SECONDS, every=0.05)


@pytest.mark.slow
async def test_a_reader_that_ends_while_it_takes_events_leaves_all_of_them_to_the_next(
    teller: Bus, on_nats: Connect
) -> None:
    events, begun = [an_event() for _ in range(3)], asyncio.Event()
    ended, taken = await on_nats("gateway"), Taken()

    async def never(_events: Sequence[Happened]) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def alone(_event: Happened) -> None:
        raise AssertionError

    await tell(teller, events)
    await ended.follow(Follower(DURABLE, STREAM, (Happened,), alone, taken._keep, take_together=never))
    await begun.wait()
    await ended.close()

    await (await on_nats("gateway")).follow(taken.follower())
    assert await taken.have(events)

    assert [each.event_id for each in events] == taken.done

"""What a process sees of its streams and readers on the real NATS, and what happens when NATS loses them."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from nats.aio.client import Client

from deploy.runner.nats_server import NatsServer
from deploy.runner.waiting import until
from shared.bus.deploying import declare_consumer, declare_stream
from shared.bus.nats_bus import NatsBus
from shared.bus.protocol import Bus
from shared.measures import LONGEST_STALL, MISSING, read_readers
from shared.messages import NotAnswered
from tests.contracts.test_bus import Happened, an_event, headers_of
from tests.contracts.test_following import DURABLE, READ_SECONDS, STREAM, Taken, reader, tell, teller

__all__ = ["reader", "teller"]


async def api(bus: NatsBus, subject: str, **asked: object) -> dict[str, object]:
    answer = await bus.connection.request(f"$JS.API.{subject}", json.dumps(asked).encode(), timeout=5)
    found: dict[str, object] = json.loads(answer.data)
    assert "error" not in found, found
    return found


async def declare_again(client: Client) -> None:
    await declare_stream(client, STREAM, ("event.>", "copy.>"), days=1)
    await declare_consumer(client, STREAM, DURABLE, ("event.*.*.happened",))


async def publish(bus: Bus, event: Happened, name: str = "") -> tuple[int, bool]:
    headers = headers_of(event) | ({"Nats-Msg-Id": name} if name else {})
    place = await bus.publish(event.subjects()[0], event.model_dump_json().encode(), headers)
    return place.sequence, place.is_duplicate


async def test_a_message_has_a_place_and_its_duplicate_the_same(teller: Bus) -> None:
    event = an_event()

    found = [
        await publish(teller, event, "one"),
        await publish(teller, event, "one"),
        await publish(teller, event, "2"),
    ]

    assert [(1, False), (1, True), (2, False)] == found


async def test_a_stream_says_what_it_holds(reader: NatsBus, teller: Bus) -> None:
    await tell(teller, [an_event() for _ in range(4)])
    await api(reader, f"STREAM.MSG.DELETE.{STREAM}", seq=3)
    await api(reader, f"STREAM.PURGE.{STREAM}", seq=2)

    state = await reader.look_at_stream(STREAM)

    assert (2, 4, (3,), timedelta(days=1)) == (state.first, state.last, state.gaps, state.kept)
    assert timedelta(0) <= datetime.now(UTC) - state.made_at < timedelta(minutes=1)


async def test_a_stream_that_is_made_again_is_another_one(reader: NatsBus) -> None:
    before = await reader.look_at_stream(STREAM)
    await declare_again(reader.connection)
    assert before == await reader.look_at_stream(STREAM)

    await api(reader, f"STREAM.DELETE.{STREAM}")
    with pytest.raises(NotAnswered):
        await reader.look_at_stream(STREAM)
    await declare_again(reader.connection)

    assert before.made_at < (await reader.look_at_stream(STREAM)).made_at


@pytest.mark.slow
async def test_a_deleted_reader_is_said_and_declared_again_it_gets_all_that_came_meanwhile(
    reader: NatsBus, teller: Bus
) -> None:
    taken, events = Taken(), [an_event() for _ in range(4)]
    await reader.follow(taken.follower())
    await tell(teller, events[:2])
    assert await taken.have(events[:2])
    assert [] == await read_readers(reader)

    await api(reader, f"CONSUMER.DELETE.{STREAM}.{DURABLE}")
    await tell(teller, events[2:])
    said = await read_readers(reader)
    missing = MISSING.labels(DURABLE)._value.get()
    await declare_again(reader.connection)

    assert ([f"NATS has no reader {DURABLE}, so no event arrives"], 1) == (said, missing)

    async def has_all() -> bool:
        return {each.event_id for each in events} <= set(taken.done)

    assert await until(has_all, READ_SECONDS)
    assert [] == await read_readers(reader)


@pytest.mark.slow
async def test_a_follower_whose_reader_is_not_there_begins_once_it_is(
    reader: NatsBus, teller: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, taken, event = asyncio.Event(), Taken(), an_event()
    monkeypatch.setattr("shared.bus.following.log.warn", lambda *_words, **_fields: refused.set())
    await api(reader, f"CONSUMER.DELETE.{STREAM}.{DURABLE}")
    await reader.follow(taken.follower())
    await tell(teller, [event])
    await refused.wait()

    await declare_again(reader.connection)

    assert await taken.have([event])


async def test_what_a_reader_has_not_handled_is_its_lag(
    reader: NatsBus, teller: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on, taken = asyncio.Event(), asyncio.Event(), Taken()

    async def wait(event: Happened) -> None:
        begun.set()
        await goes_on.wait()
        taken.done.append(event.event_id)

    monkeypatch.setattr(taken, "_take", wait)
    await reader.follow(taken.follower())
    events = [an_event()]
    await tell(teller, events)
    await begun.wait()

    [state] = await reader.look_at_readers()
    monkeypatch.setattr("shared.measures.LONGEST_STALL", -1.0)
    said = await read_readers(reader)

    assert (DURABLE, 1, True) == (state.durable, state.lag, state.stalled < LONGEST_STALL)
    assert [f"the reader {DURABLE} has handled no event for more than two minutes"] == said
    monkeypatch.setattr("shared.measures.LONGEST_LAG", 0)
    monkeypatch.setattr("shared.measures.LONGEST_STALL", LONGEST_STALL)
    assert [f"more than 0 events wait for the reader {DURABLE}"] == await read_readers(reader)
    goes_on.set()
    assert await taken.have(events)


async def test_reconnects_are_counted(nats_server: tuple[NatsServer, dict[str, str]]) -> None:
    server, seeds = nats_server
    bus = await NatsBus.connect("gateway", server.url, seeds["gateway"])
    assert 0 == bus.reconnects

    await server.stop(asyncio.Event())
    await server.start()
    await server.ready()

    async def is_back() -> bool:
        return bus.reconnects == 1 and bus.connected

    assert await until(is_back, READ_SECONDS)
    await bus.close()

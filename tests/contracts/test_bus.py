"""Tests of what the bus promises, run against both NATS and the fake bus."""

import asyncio
import json
import secrets
import time
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from pydantic import Field

from deploy.runner.nats_server import NatsServer
from shared import outbox
from shared.bus.nats_bus import NatsBus
from shared.bus.protocol import MAX_DELIVERIES, Bus, Context, Follower
from shared.messages import Broadcast, Event, Fault, Message, NotAnswered, Nothing, Process, Request
from tests.contracts.conftest import CANARY, Connect, Fail


class Answered(Message):
    said: str


class Say(Request[Answered]):
    subject: ClassVar[str] = "ask.identity.say"

    said: str = Field(max_length=100)


class Told(Broadcast):
    subject: ClassVar[str] = "tell.identity.told"
    told_by: ClassVar[tuple[Process, ...]] = ("identity",)
    heard_by: ClassVar[tuple[Process, ...]] = ("gateway",)

    number: int


class Happened(Event):
    kind: ClassVar[str] = "happened"
    told_by: ClassVar[Process] = "identity"


async def test_a_request_gets_its_reply(connect: Connect) -> None:
    async def say(asked: Say, context: Context) -> Answered:
        return Answered(said=f"{asked.said} for {context.who}")

    asker, answerer = await connect("gateway"), await connect("identity")
    await answerer.answer(Say, say)

    answered = await asker.ask(Say(said="hello"), who="the signed word")

    assert answered == Answered(said="hello for the signed word")


@pytest.mark.slow
async def test_nobody_there_is_said_within_two_seconds(connect: Connect) -> None:
    asker = await connect("gateway")
    started = time.monotonic()

    with pytest.raises(NotAnswered) as unanswered:
        await asker.ask(Say(said="hello"))

    assert unanswered.value.fault is Fault.UNAVAILABLE
    assert time.monotonic() - started < 2


async def test_requests_to_one_subject_are_answered_side_by_side(connect: Connect) -> None:
    together = asyncio.Barrier(8)

    async def say(_asked: Say, _context: Context) -> Answered:
        await together.wait()  # passes only when eight handlers run at once
        return Answered(said="together")

    asker, answerer = await connect("gateway"), await connect("identity")
    await answerer.answer(Say, say)

    answers = await asyncio.gather(*(asker.ask(Say(said=str(n))) for n in range(8)))

    assert [Answered(said="together")] * 8 == answers


async def test_an_exception_answers_at_once_and_without_its_text(connect: Connect) -> None:
    async def fail(_asked: Fail, _context: Context) -> Nothing:
        raise RuntimeError(CANARY)

    asker, answerer = await connect("gateway"), await connect("identity")
    await answerer.answer(Fail, fail)

    with pytest.raises(NotAnswered) as unanswered:
        await asker.ask(Fail())

    assert unanswered.value.fault is Fault.BROKEN
    assert CANARY not in repr(unanswered.value)


@pytest.mark.slow
async def test_a_late_answer_is_not_waited_for(connect: Connect) -> None:
    async def sleep(_asked: Say, _context: Context) -> Answered:
        await asyncio.sleep(0.5)
        return Answered(said="late")

    asker, answerer = await connect("gateway"), await connect("identity")
    await answerer.answer(Say, sleep)

    with pytest.raises(NotAnswered) as unanswered:
        await asker.ask(Say(said="quick"), seconds=0.1)

    assert unanswered.value.fault is Fault.TOO_LATE


async def test_closing_answers_what_is_in_hand(connect: Connect) -> None:
    begun = asyncio.Semaphore(0)

    async def say(_asked: Say, _context: Context) -> Answered:
        begun.release()
        await asyncio.sleep(0.2)
        return Answered(said="done")

    asker, answerer = await connect("gateway"), await connect("identity")
    await answerer.answer(Say, say)
    asked = [asyncio.create_task(asker.ask(Say(said=str(n)))) for n in range(20)]
    for _ in asked:
        await begun.acquire()

    await answerer.close()

    assert [Answered(said="done")] * 20 == await asyncio.gather(*asked)


async def test_a_broadcast_reaches_every_listener(connect: Connect) -> None:
    heard: asyncio.Queue[int] = asyncio.Queue()

    async def note(told: Told) -> None:
        await heard.put(told.number)

    teller, first, second = await connect("identity"), await connect("gateway"), await connect("gateway")
    await first.hear(Told, note)
    await second.hear(Told, note)
    await first.settle()
    await second.settle()

    await teller.tell(Told(number=7))

    assert [7, 7] == [await asyncio.wait_for(heard.get(), 2) for _ in range(2)]


@pytest.mark.slow
async def test_an_event_is_taken_until_it_is_done(connect: Connect) -> None:
    taken: asyncio.Queue[UUID] = asyncio.Queue()
    tries: list[UUID] = []

    async def take(event: Happened) -> None:
        tries.append(event.event_id)
        if len(tries) == 1:
            raise RuntimeError(CANARY)
        await taken.put(event.event_id)

    teller, follower = await connect("identity"), await connect("gateway")
    event = an_event()
    await follower.follow(Follower("gateway--event", "EVENTS", (Happened,), take, nothing_set_aside))

    await teller.publish(event.subjects()[0], event.model_dump_json().encode(), headers_of(event))

    assert event.event_id == await asyncio.wait_for(taken.get(), 5)
    assert [event.event_id] * 2 == tries


@pytest.mark.slow
async def test_an_event_waits_for_what_it_needs_however_often_that_is_away(connect: Connect) -> None:
    taken: asyncio.Queue[int] = asyncio.Queue()
    tries: list[UUID] = []

    async def take(event: Happened) -> None:
        tries.append(event.event_id)
        if len(tries) <= MAX_DELIVERIES:
            raise NotAnswered(Fault.TOO_LATE)
        await taken.put(len(tries))

    teller, follower = await connect("identity"), await connect("gateway")
    event = an_event()
    await follower.follow(Follower("gateway--event", "EVENTS", (Happened,), take, nothing_set_aside))

    await teller.publish(event.subjects()[0], event.model_dump_json().encode(), headers_of(event))

    assert MAX_DELIVERIES + 1 == await asyncio.wait_for(taken.get(), 10)


@pytest.mark.slow
async def test_an_event_that_has_waited_long_is_tried_as_often_as_any_other(on_nats: Connect) -> None:
    """Check that unavailability does not use up the attempts: after it, a first fault is still retried."""
    taken: asyncio.Queue[int] = asyncio.Queue()
    tries: list[UUID] = []

    async def take(event: Happened) -> None:
        tries.append(event.event_id)
        if len(tries) <= MAX_DELIVERIES:
            raise NotAnswered(Fault.UNAVAILABLE)
        if len(tries) == MAX_DELIVERIES + 1:
            raise NotAnswered(Fault.BROKEN)
        await taken.put(len(tries))

    teller, follower = await on_nats("identity"), await on_nats("gateway")
    event = an_event()
    await follower.follow(Follower("gateway--event", "EVENTS", (Happened,), take, nothing_set_aside))

    await teller.publish(event.subjects()[0], event.model_dump_json().encode(), headers_of(event))

    assert MAX_DELIVERIES + 2 == await asyncio.wait_for(taken.get(), 10)


async def test_the_stream_drops_a_second_copy(connect: Connect) -> None:
    taken: asyncio.Queue[UUID] = asyncio.Queue()

    async def take(event: Happened) -> None:
        await taken.put(event.event_id)

    teller, follower = await connect("identity"), await connect("gateway")
    first, second = an_event(), an_event()
    for event in (first, first, second):
        await teller.publish(event.subjects()[0], event.model_dump_json().encode(), headers_of(event))

    await follower.follow(Follower("gateway--event", "EVENTS", (Happened,), take, nothing_set_aside))

    assert [first.event_id, second.event_id] == [await asyncio.wait_for(taken.get(), 5) for _ in range(2)]


async def test_an_event_of_two_bodies_is_kept_for_both_and_taken_once(on_nats: Connect) -> None:
    taken: asyncio.Queue[UUID] = asyncio.Queue()

    async def take(event: Happened) -> None:
        await taken.put(event.event_id)

    teller, follower = await on_nats("identity"), await on_nats("gateway")
    event, last = an_event("la_england:E08000025", "icb:QNC"), an_event()
    for subject in (*event.subjects(), *event.subjects()):
        message_id = outbox.message_id(str(event.event_id), event.subjects(), subject)
        headers = {**headers_of(event), "Nats-Msg-Id": message_id}
        await teller.publish(subject, event.model_dump_json().encode(), headers)
    await teller.publish(last.subjects()[0], last.model_dump_json().encode(), headers_of(last))

    await follower.follow(Follower("gateway--event", "EVENTS", (Happened,), take, nothing_set_aside))

    assert [event.event_id, last.event_id] == [await asyncio.wait_for(taken.get(), 5) for _ in range(2)]


async def test_an_unreadable_event_is_set_aside(connect: Connect) -> None:
    set_aside: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def take(_event: Happened) -> None:
        raise AssertionError("an unreadable event was taken")

    async def keep(event_id: str, _subject: str, reason: str, _deliveries: int) -> None:
        await set_aside.put((event_id, reason))

    teller, follower = await connect("identity"), await connect("gateway")
    event = an_event()
    await follower.follow(Follower("gateway--event", "EVENTS", (Happened,), take, keep))

    await teller.publish(event.subjects()[0], b'{"event_id": 7}', headers_of(event))

    assert (str(event.event_id), "unreadable") == await asyncio.wait_for(set_aside.get(), 5)


async def test_a_body_that_does_not_fit_is_unreadable_and_stays_unspoken(on_nats: Connect) -> None:
    async def say(asked: Say, _context: Context) -> Answered:
        return Answered(said=asked.said)

    asker, answerer = await on_nats("gateway"), await on_nats("identity")
    await answerer.answer(Say, say)
    await answerer.settle()
    assert isinstance(asker, NatsBus)

    reply = await asker.connection.request(Say.subject, json.dumps({"said": 7, "name": CANARY}).encode(), timeout=2)

    assert ("unreadable", b"") == ((reply.headers or {})["Nats-Service-Error"], reply.data)


async def test_a_reply_that_is_too_large_to_be_sent_is_said_to_be_broken_at_once(on_nats: Connect) -> None:
    async def say(_asked: Say, _context: Context) -> Answered:
        return Answered(said="x" * 2_000_000)

    asker, service = await on_nats("gateway"), await on_nats("identity")
    await service.answer(Say, say)
    await service.settle()

    with pytest.raises(NotAnswered) as unanswered:
        await asker.ask(Say(said="hello"), seconds=2)

    assert Fault.BROKEN is unanswered.value.fault


async def test_a_request_whose_deadline_has_passed_is_not_begun(on_nats: Connect) -> None:
    begun: list[str] = []

    async def say(asked: Say, _context: Context) -> Answered:
        begun.append(asked.said)
        return Answered(said=asked.said)

    asker, answerer = await on_nats("gateway"), await on_nats("identity")
    await answerer.answer(Say, say)
    await answerer.settle()
    assert isinstance(asker, NatsBus)

    reply = await asker.connection.request(
        Say.subject, b'{"said": "late"}', timeout=2, headers={"deadline": str(time.time() - 1)}
    )

    assert ("too_late", []) == ((reply.headers or {})["Nats-Service-Error"], begun)


async def test_the_service_protocol_shows_the_service_and_only_codes(on_nats: Connect) -> None:
    async def fail(_asked: Fail, _context: Context) -> Nothing:
        raise RuntimeError(CANARY)

    asker, answerer = await on_nats("gateway"), await on_nats("identity")
    await answerer.answer(Fail, fail)
    assert isinstance(asker, NatsBus)
    with pytest.raises(NotAnswered):
        await asker.ask(Fail())

    ping = json.loads((await asker.connection.request("$SRV.PING", b"", timeout=2)).data)
    info = json.loads((await asker.connection.request("$SRV.INFO.identity", b"", timeout=2)).data)
    stats = json.loads((await asker.connection.request("$SRV.STATS.identity", b"", timeout=2)).data)

    assert ("io.nats.micro.v1.ping_response", "identity") == (ping["type"], ping["name"])
    assert ["ask.identity.fail"] == [endpoint["subject"] for endpoint in info["endpoints"]]
    assert (1, 1, "broken") == tuple(stats["endpoints"][0][key] for key in ("num_requests", "num_errors", "last_error"))


@pytest.mark.slow
async def test_a_bus_outlives_its_server(on_nats: Connect, nats_server: tuple[NatsServer, dict[str, str]]) -> None:
    async def say(asked: Say, _context: Context) -> Answered:
        return Answered(said=asked.said)

    server, _ = nats_server
    asker, answerer = await on_nats("gateway"), await on_nats("identity")
    await answerer.answer(Say, say)
    await server.stop(asyncio.Event())
    with pytest.raises(NotAnswered):
        await asker.ask(Say(said="into the dark"), seconds=1)

    await server.start()
    await server.ready()

    assert Answered(said="again") == await ask_until_answered(asker, Say(said="again"))


async def test_it_hangs_up_in_seconds_though_the_server_is_gone(
    on_nats: Connect, nats_server: tuple[NatsServer, dict[str, str]]
) -> None:
    server, _ = nats_server
    bus = await on_nats("identity")
    await server.stop(asyncio.Event())
    started = time.monotonic()

    await bus.close()

    assert time.monotonic() - started < 5


async def ask_until_answered(bus: Bus, request: Say) -> Answered:
    async with asyncio.timeout(10):
        while True:
            try:
                return await bus.ask(request, seconds=1)
            except NotAnswered:
                continue


async def nothing_set_aside(_event_id: str, _subject: str, reason: str, _deliveries: int) -> None:
    raise AssertionError(reason)


def an_event(*bodies: str) -> Happened:
    return Happened(
        event_id=UUID(bytes=secrets.token_bytes(16)),
        occurred_at=datetime.now(UTC),
        register_code="dsr",
        bodies=bodies or (f"organisation:{uuid4().hex}",),
        record_id=uuid4(),
        version=0,
    )


def headers_of(event: Event) -> dict[str, str]:
    return {"ce-id": str(event.event_id), "ce-type": event.event_type(), "Nats-Msg-Id": str(event.event_id)}

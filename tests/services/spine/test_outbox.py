"""Events in the outbox are published after commit, at least once, and stay until they are published."""

import asyncio
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar, Literal
from uuid import UUID, uuid4

import pytest

from shared.assertion import Signer, Verifier, public_key
from shared.bus.protocol import Context, Follower, StreamPlace
from shared.contracts import LETTERS
from shared.contracts.notifier import QueueMail
from shared.database import DatabasePool, transaction
from shared.fake_bus import FakeBus, FakeWire
from shared.inbox import is_new
from shared.messages import Event, Fault, NotAnswered, Nothing, Process, Refused
from shared.outbox import ADD_ROW, GATHER_SECONDS, LETTER, Relay, count_unsent, put, put_letter
from shared.registers.bodies import body_token
from tests.conftest import OpenDatabase

SEED = secrets.token_bytes(32)


class Happened(Event):
    kind: ClassVar[str] = "happened"
    told_by: ClassVar[Process] = "identity"


class Hint(Event):
    family: ClassVar[Literal["event", "notice"]] = "notice"
    kind: ClassVar[str] = "hint"
    told_by: ClassVar[Process] = "identity"


async def not_set_aside(_event_id: str, _subject: str, reason: str, _deliveries: int) -> None:
    raise AssertionError(reason)


def an_event(*bodies: str) -> Happened:
    return Happened(
        event_id=uuid4(),
        occurred_at=datetime.now(UTC),
        register_code="dsr",
        bodies=bodies or (f"organisation:{UUID(int=1).hex}",),
        record_id=uuid4(),
        version=0,
    )


def a_letter() -> QueueMail:
    return QueueMail(
        letter_id=uuid4(), register_code="dsr", template="pin", recipient="p@mpft.nhs.uk", values={"pin": "123456"}
    )


def relay_of(pool: DatabasePool, wire: FakeWire) -> Relay:
    return Relay(pool, FakeBus("identity", wire), Signer("identity", SEED), LETTERS)


async def carry_all(relay: Relay) -> None:
    while await relay.carry_batch():
        pass


async def test_an_event_leaves_after_commit_with_its_cloud_event_headers(database: OpenDatabase) -> None:
    pool, wire, event = await database("identity"), FakeWire(), an_event()
    async with transaction(pool) as db:
        await put(db, event)

    await carry_all(relay_of(pool, wire))

    [(subject, body, headers)] = wire.published
    assert f"event.dsr.{UUID(int=1).hex}.happened" == subject
    assert event == Happened.model_validate_json(body)
    assert ("1.0", str(event.event_id), "dsr-happened-1", str(event.event_id)) == (
        headers["ce-specversion"],
        headers["ce-id"],
        headers["ce-type"],
        headers["Nats-Msg-Id"],
    )


async def test_an_event_of_several_bodies_leaves_once_for_each_and_is_one_event(database: OpenDatabase) -> None:
    pool, wire, event = await database("identity"), FakeWire(), an_event("icb:QNC", "la_england:E08000025")
    taken: list[Happened] = []

    async def take(told: Happened) -> None:
        taken.append(told)

    async with transaction(pool) as db:
        await put(db, event)
    await FakeBus("reports", wire).follow(Follower("reports--event", "EVENTS", (Happened,), take, not_set_aside))

    await carry_all(relay_of(pool, wire))

    first, second = (body_token(each) for each in event.bodies)
    told = sorted((subject, headers["ce-id"], headers["Nats-Msg-Id"]) for subject, _, headers in wire.published)
    name = str(event.event_id)
    assert [
        (f"copy.dsr.{second}.happened", name, f"{name}.{second}"),
        (f"event.dsr.{first}.happened", name, name),
    ] == told
    assert [event, event] == [Happened.model_validate_json(body) for _, body, _ in wire.published]
    assert [event] == taken


async def test_when_one_of_its_bodies_is_not_told_the_event_leaves_again(
    database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, wire, event = await database("identity"), FakeWire(), an_event("icb:QNC", "la_england:E08000025")
    async with transaction(pool) as db:
        await put(db, event)
    bus = FakeBus("identity", wire)
    publish = bus.publish

    async def tell_only_the_first(subject: str, body: bytes, headers: Mapping[str, str]) -> StreamPlace:
        if subject.startswith("copy."):
            raise NotAnswered(Fault.UNAVAILABLE)
        return await publish(subject, body, headers)

    monkeypatch.setattr(bus, "publish", tell_only_the_first)
    await Relay(pool, bus, Signer("identity", SEED), LETTERS).carry_batch()
    waiting = await count_unsent(pool)
    await carry_all(relay_of(pool, wire))

    assert (1, 0) == (waiting, await count_unsent(pool))
    assert list(event.subjects()) == [subject for subject, _, _ in wire.published]


def test_a_notice_has_one_subject_and_no_copy_that_an_integrator_could_read() -> None:
    event = an_event("icb:QNC", "la_england:E08000025")

    notice = Hint(**event.model_dump())

    assert (f"notice.dsr.{body_token('icb:QNC')}.hint",) == notice.subjects()


def test_the_pause_in_which_events_gather_delays_no_urgent_notice_noticeably() -> None:
    assert 0 < GATHER_SECONDS <= 0.04


async def test_an_event_whose_fact_was_not_committed_is_never_told(database: OpenDatabase) -> None:
    pool, wire = await database("identity"), FakeWire()

    async def change_and_fail() -> None:
        async with transaction(pool) as db:
            await put(db, an_event())
            raise Refused("conflict")

    with pytest.raises(Refused):
        await change_and_fail()

    await carry_all(relay_of(pool, wire))

    assert [] == wire.published


async def test_while_the_bus_is_down_everything_waits_and_leaves_later(database: OpenDatabase) -> None:
    pool, wire = await database("identity"), FakeWire()
    async with transaction(pool) as db:
        for _ in range(3):
            await put(db, an_event())
    dead = FakeBus("identity", wire)
    await dead.close()

    await Relay(pool, dead, Signer("identity", SEED), LETTERS).carry_batch()
    waiting = await count_unsent(pool)
    await carry_all(relay_of(pool, wire))

    assert (3, 3, 0) == (waiting, len(wire.published), await count_unsent(pool))


async def test_two_relays_at_once_carry_each_event_once(database: OpenDatabase) -> None:
    pool, wire = await database("identity"), FakeWire()
    async with transaction(pool) as db:
        for _ in range(500):
            await put(db, an_event())

    await asyncio.gather(*(carry_all(relay_of(pool, wire)) for _ in range(4)))

    assert (500, 0) == (len({headers["ce-id"] for _, _, headers in wire.published}), await count_unsent(pool))
    assert 500 == len(wire.published)


async def test_a_letter_is_delivered_under_the_services_own_signature_and_then_forgotten(
    database: OpenDatabase,
) -> None:
    pool, wire, letter = await database("identity"), FakeWire(), a_letter()
    delivered: list[tuple[QueueMail, str]] = []
    verifier = Verifier("notifier", {"identity": public_key(SEED)})

    async def take(asked: QueueMail, context: Context) -> Nothing:
        caller = verifier.verify(context.who).caller
        assert caller is not None
        delivered.append((asked, caller.service))
        return Nothing()

    await FakeBus("notifier", wire).answer(QueueMail, take)
    async with transaction(pool) as db:
        await put_letter(db, letter)

    await carry_all(relay_of(pool, wire))

    assert [(letter, "identity")] == delivered
    assert await pool.fetchval("SELECT body FROM outbox") is None


async def test_a_letter_that_is_refused_does_not_hold_up_the_others(
    database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QueueMail, "refusals", ("not_now",))  # the refusal as another release may know it
    pool, wire, first = await database("identity"), FakeWire(), a_letter()
    taken: list[UUID] = []

    async def take(asked: QueueMail, _context: Context) -> Nothing:
        if asked.letter_id == first.letter_id:
            raise Refused("not_now")
        taken.append(asked.letter_id)
        return Nothing()

    await FakeBus("notifier", wire).answer(QueueMail, take)
    second, event = a_letter(), an_event()
    async with transaction(pool) as db:
        await put_letter(db, first)
        await put_letter(db, second)
        await put(db, event)

    await relay_of(pool, wire).carry_batch()

    assert ([second.letter_id], 1, 1) == (taken, len(wire.published), await count_unsent(pool))


async def test_the_same_event_twice_has_one_effect(database: OpenDatabase) -> None:
    pool, event = await database("identity"), an_event()
    news = []
    for _ in range(2):
        async with transaction(pool) as db:
            news.append(await is_new(db, "reports", event))

    assert [True, False] == news


async def test_an_event_whose_effect_failed_is_new_again(database: OpenDatabase) -> None:
    pool, event = await database("identity"), an_event()

    async def take_and_fail() -> None:
        async with transaction(pool) as db:
            await is_new(db, "reports", event)
            raise Refused("conflict")

    with pytest.raises(Refused):
        await take_and_fail()

    async with transaction(pool) as db:
        assert await is_new(db, "reports", event)


async def test_a_letter_that_an_older_version_wrote_stays_and_does_not_stop_the_relay(database: OpenDatabase) -> None:
    pool, wire = await database("identity"), FakeWire()
    for subject in (QueueMail.subject, "ask.nobody.knows_it_any_more"):
        await pool.execute(ADD_ROW, uuid4(), (subject,), LETTER, "{}")
    async with transaction(pool) as db:
        await put(db, an_event())

    await relay_of(pool, wire).carry_batch()

    assert (2, 1) == (await count_unsent(pool), len(wire.published))


class RefusingBus(FakeBus):
    """A bus that is connected, but stores no message whose subject begins with `refused`. None: it stores all."""

    refused: str | None = ""
    fault = Fault.UNAVAILABLE
    found_again = 0

    @property
    def reconnects(self) -> int:
        return self.found_again

    async def publish(self, subject: str, body: bytes, headers: Mapping[str, str]) -> StreamPlace:
        if self.refused is not None and subject.startswith(self.refused):
            raise NotAnswered(self.fault)
        return await super().publish(subject, body, headers)


async def test_while_the_bus_refuses_the_relay_waits_longer_each_time_and_letters_still_go(
    database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("shared.outbox.monotonic", lambda: now)
    pool, wire, letter = await database("identity"), FakeWire(), a_letter()
    bus, relay_tries = RefusingBus("identity", wire), list[float]()
    relay, taken = Relay(pool, bus, Signer("identity", SEED), LETTERS), list[UUID]()

    async def take(asked: QueueMail, _context: Context) -> Nothing:
        taken.append(asked.letter_id)
        return Nothing()

    await FakeBus("notifier", wire).answer(QueueMail, take)
    async with transaction(pool) as db:
        await put(db, an_event())
    while now < 1060.0:
        await relay.carry_batch()
        attempts = await pool.fetchval("SELECT attempts FROM outbox")
        if attempts > len(relay_tries):
            relay_tries.append(now - 1000.0)
        now += 0.5
    async with transaction(pool) as db:
        await put_letter(db, letter)
    await relay.carry_batch()

    assert [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 30.5, 45.5] == relay_tries
    assert ([letter.letter_id], 60.0) == (taken, relay.refused_seconds())

    bus.refused, now = None, 1100.0
    await relay.carry_batch()
    assert (1, 0, 0.0) == (len(wire.published), await count_unsent(pool), relay.refused_seconds())


async def test_when_the_bus_is_back_the_relay_tries_at_once(
    database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.outbox.monotonic", lambda: 1000.0)
    pool, bus = await database("identity"), RefusingBus("identity")
    relay = Relay(pool, bus, Signer("identity", SEED), LETTERS)
    async with transaction(pool) as db:
        await put(db, an_event())
    await relay.carry_batch()
    bus.refused = None
    await relay.carry_batch()
    assert 1 == await count_unsent(pool)

    bus.found_again = 1
    await relay.carry_batch()

    assert 0 == await count_unsent(pool)


async def test_one_stream_that_refuses_is_said_while_another_stores(
    database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("shared.outbox.monotonic", lambda: now)
    pool, bus = await database("identity"), RefusingBus("identity")
    bus.refused = "notice."
    relay = Relay(pool, bus, Signer("identity", SEED), LETTERS)
    for _ in range(3):
        async with transaction(pool) as db:
            await put(db, Hint(**an_event().model_dump()))
            await put(db, an_event())
        await relay.carry_batch()
        now += 10.0

    assert (3, 3, 30.0) == (len(bus.wire.published), await count_unsent(pool), relay.refused_seconds())


async def test_an_event_that_no_stream_can_take_is_no_refusal_of_the_bus(database: OpenDatabase) -> None:
    pool, bus = await database("identity"), RefusingBus("identity")
    bus.fault = Fault.UNREADABLE
    relay = Relay(pool, bus, Signer("identity", SEED), LETTERS)
    async with transaction(pool) as db:
        await put(db, an_event())

    await relay.carry_batch()

    assert (1, 0.0) == (await count_unsent(pool), relay.refused_seconds())


async def test_a_batch_that_is_refused_is_one_line_in_the_log(
    database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, object]] = []
    monkeypatch.setattr("shared.outbox.warn", lambda what, **fields: lines.append({"what": what, **fields}))
    pool, events = await database("identity"), [an_event() for _ in range(3)]
    async with transaction(pool) as db:
        for each in events:
            await put(db, each)

    await Relay(pool, RefusingBus("identity"), Signer("identity", SEED), LETTERS).carry_batch()

    [line] = lines
    assert ("outbox.not_carried", 3, str(events[0].event_id)) == (line["what"], line["count"], line["event_id"])


async def test_while_the_bus_is_lost_nothing_is_tried(database: OpenDatabase) -> None:
    pool = await database("identity")
    async with transaction(pool) as db:
        await put(db, an_event())
    bus = FakeBus("identity")
    await bus.close()

    await Relay(pool, bus, Signer("identity", SEED), LETTERS).carry_batch()

    assert 0 == await pool.fetchval("SELECT attempts FROM outbox")

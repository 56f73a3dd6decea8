"""Events that outcomes handles together: the same tasks as one by one, all or nothing, and each in its compartment."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from deploy.runner.waiting import until
from services.outcomes.handlers.watching import CONSUMER, bring_all_into_line
from shared.bus.protocol import Context
from shared.contracts.referrals.events import RecordCreated, RecordEvent
from shared.contracts.referrals.standing import ReadStandings
from shared.database import transaction
from shared.messages import Message, NotAnswered, Request
from shared.permissions import Visitor
from shared.registers.load import Registers, load_registers
from tests.services.outcomes.rig import Rig, an_administrator
from tests.services.outcomes.test_bodies import ids, rows_seen
from tests.services.outcomes.test_reversals import reverse
from tests.services.outcomes.watching import AMBER, GREEN, RED, Watch, a_record, events_of, kinds, rerated
from tests.services.referrals.builders import new_id
from tests.services.referrals.rig import Owner
from tests.services.two_bodies import (
    BEGUN,
    BODIES,
    PairRecord,
    a_code,
    a_two_body_register,
    a_visitor_of,
    a_visitor_of_all,
    random_records,
    seen_with,
    some_bodies,
)

COUNT_TAKEN = "SELECT count(*) FROM inbox WHERE consumer = $1 AND event_id = ANY($2)"
FIND_AUDITED = """
    SELECT action, subjects[2] AS record_id
    FROM audit
    WHERE subjects[2] = ANY($1) AND action LIKE 'task.%'
    ORDER BY id
"""
FIND_KNOWN = "SELECT version FROM record_known WHERE record_id = ANY($1)"
FIND_WHERE = "SELECT record_id, compartment_id FROM task WHERE record_id = ANY($1) AND closed_at IS NULL"
SECONDS = 5.0
COUNT_WAITING = """
    SELECT count(DISTINCT a.pid)
    FROM pg_locks AS l
    INNER JOIN pg_stat_activity AS a ON a.pid = l.pid
    WHERE NOT l.granted AND a.datname = current_database()
"""
HOLD = {
    "event": f"INSERT INTO inbox (consumer, event_id) VALUES ('{CONSUMER}', $1)",
    "new record": "INSERT INTO record_known (record_id, version) VALUES ($1, -1)",
    "known record": "SELECT FROM record_known WHERE record_id = $1 FOR UPDATE",
}


@pytest.fixture
def code() -> str:
    return a_code()


@pytest.fixture
def registers(code: str) -> Registers:
    return Registers([*load_registers().every(), a_two_body_register(code)])


async def every_event(rig: Rig, records: Sequence[UUID]) -> list[RecordEvent]:
    """Return the public events of these records in the order in which they were published."""
    found = [each for record_id in records for each in await rig.referrals.told(record_id)]
    return sorted((each for each in found if isinstance(each, RecordEvent)), key=lambda each: each.occurred_at)


async def a_history(watch: Watch, administrator: Visitor) -> list[RecordEvent]:
    """Make five records whose tasks open, stay, close and open again. Return their events. None is handled yet."""
    watch.deaf()
    red, amber, calmed, back, gone = [
        await a_record(watch, administrator, rating) for rating in (RED, AMBER, RED, RED, AMBER)
    ]
    await rerated(watch, administrator, amber, RED)
    await rerated(watch, administrator, calmed, GREEN)
    for each in (back, gone):
        await watch.rig.archive(administrator, each)
    await reverse(watch.rig, administrator, back)
    return await every_event(watch.rig, [each.record_id for each in (red, amber, calmed, back, gone)])


async def test_events_that_come_together_leave_the_same_tasks_as_one_by_one(
    watch: Watch, owner: Owner, administrator: Visitor
) -> None:
    events = await a_history(watch, administrator)
    other = an_administrator()
    one_by_one = await a_history(watch, other)

    await watch.watching.take_together(events)
    for event in one_by_one:
        await watch.watching.take(event)

    assert 10 == len(events)
    together = await watch.waiting(administrator)
    assert ["urgent"] * 3 == sorted(together.values())
    assert sorted(together.values()) == sorted((await watch.waiting(other)).values())
    assert len(events) == await owner.value(COUNT_TAKEN, CONSUMER, [each.event_id for each in events])


async def test_a_record_whose_events_come_together_was_away_in_between(
    watch: Watch, owner: Owner, administrator: Visitor
) -> None:
    receipt = await a_record(watch, administrator)
    await watch.see(administrator, await watch.the_urgent(administrator))
    watch.deaf()
    updated = await watch.rig.referrals.update(administrator, receipt, risk_level=RED, latest_update="Looked at again")
    await watch.rig.archive(administrator, updated)
    await reverse(watch.rig, administrator, updated)
    events = await events_of(watch.rig, receipt)

    await watch.watching.take_together(events[1:])

    assert 4 == len(events)
    assert None is (await watch.the_urgent(administrator)).seen_by
    assert [("urgent", False), ("urgent", True)] == await kinds(owner, receipt)


async def test_events_together_are_one_question_to_referrals(watch: Watch, administrator: Visitor) -> None:
    events = await a_history(watch, administrator)
    asked: list[ReadStandings] = []
    kind, handler = watch.rig.referrals.wire.answers[ReadStandings.subject]

    async def counted(request: Request[Message], context: Context) -> Message:
        assert isinstance(request, ReadStandings)
        asked.append(request)
        return await handler(request, context)

    watch.rig.referrals.wire.answers[ReadStandings.subject] = (kind, counted)

    await watch.watching.take_together(events)

    assert [{each.record_id for each in events}] == [set(each.record_ids) for each in asked]


async def test_what_was_handled_before_changes_nothing_among_new_events(
    watch: Watch, owner: Owner, administrator: Visitor
) -> None:
    events = await a_history(watch, administrator)
    await watch.watching.take_together(events[:4])
    seen = await watch.see(administrator, (await watch.listed(administrator)).urgent[0])

    for _ in range(2):
        await watch.watching.take_together([*events, *events[:2]])

    assert len(events) == await owner.value(COUNT_TAKEN, CONSUMER, [each.event_id for each in events])
    assert ["urgent"] * 3 == sorted((await watch.waiting(administrator)).values())
    assert seen.seen_by in {each.seen_by for each in (await watch.listed(administrator)).urgent}


async def test_every_task_of_events_together_is_audited_once_in_the_order_of_their_records(
    watch: Watch, owner: Owner, administrator: Visitor
) -> None:
    watch.deaf()
    records = [(await a_record(watch, administrator)).record_id for _ in range(3)]

    await watch.watching.take_together(await every_event(watch.rig, records))

    audited = await owner.rows(FIND_AUDITED, records)
    assert [("task.opened", each) for each in records] == [(row["action"], row["record_id"]) for row in audited]


@pytest.mark.parametrize("broken", ["close_tasks", "open_tasks", "keep_tasks"])
async def test_a_fault_in_the_middle_leaves_nothing_and_loses_nothing(
    watch: Watch, owner: Owner, administrator: Visitor, broken: str
) -> None:
    events = await a_history(watch, administrator)
    records = list({each.record_id for each in events})

    async def fail(*_arguments: object) -> None:
        raise OSError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(f"services.outcomes.store.standings.{broken}", fail)
        with pytest.raises(OSError):  # noqa: PT011  # it has no text
            await watch.watching.take_together(events)

    assert 0 == await owner.value(COUNT_TAKEN, CONSUMER, [each.event_id for each in events])
    assert [] == await owner.rows(FIND_WHERE, records)
    assert [] == await owner.rows(FIND_AUDITED, records)
    await watch.watching.take_together(events)
    assert ["urgent"] * 3 == sorted((await watch.waiting(administrator)).values())


async def test_events_together_wait_while_referrals_is_away(watch: Watch, owner: Owner, administrator: Visitor) -> None:
    events = await a_history(watch, administrator)

    with watch.rig.away(ReadStandings), pytest.raises(NotAnswered):
        await watch.watching.take_together(events)

    assert 0 == await owner.value(COUNT_TAKEN, CONSUMER, [each.event_id for each in events])


def three_events(record_ids: Sequence[UUID]) -> list[RecordCreated]:
    """Return events about these records. Their ids have the same order as the records."""
    return [
        RecordCreated(
            event_id=event_id,
            occurred_at=datetime.now(UTC),
            register_code="dsr",
            bodies=(f"organisation:{new_id().hex}",),
            record_id=record_id,
            version=0,
        )
        for event_id, record_id in zip(sorted(new_id() for _ in record_ids), record_ids, strict=True)
    ]


@pytest.mark.parametrize("held", ["event", "new record", "known record"])
async def test_two_replicas_that_share_events_or_records_never_wait_in_a_circle(
    watch: Watch, owner: Owner, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first replica waits in the middle of its events. The second has the same ones in the other order."""
    records = sorted(new_id() for _ in range(3))
    events = three_events(records)
    others = events if held == "event" else three_events(records)
    if held == "known record":
        await watch.watching.take_together(three_events(records))
    monkeypatch.setattr("shared.database.context_of", lambda _visitor: "BEGIN; SET LOCAL lock_timeout = '30s'")
    holding = owner.db.transaction()
    await holding.start()
    await owner.db.execute(HOLD[held], events[1].event_id if held == "event" else records[1])

    async def waiting(count: int) -> bool:
        found: int = await watch.rig.pool.fetchval(COUNT_WAITING)
        return found == count

    first = asyncio.create_task(watch.watching.take_together(events))
    assert await until(lambda: waiting(1), SECONDS, every=0.01)
    second = asyncio.create_task(watch.watching.take_together([others[2], others[0]]))
    assert await until(lambda: waiting(2), SECONDS, every=0.01)
    await holding.rollback()

    await asyncio.gather(first, second)
    assert [0] * 3 == [row["version"] for row in await owner.rows(FIND_KNOWN, records)]


@pytest.mark.parametrize("seed", range(3))
async def test_records_of_many_compartments_handled_together_stay_apart(
    watch: Watch, owner: Owner, code: str, administrator: Visitor, seed: int
) -> None:
    chance = random.Random(seed)
    records = random_records(chance, code)
    elsewhere = await a_record(watch, administrator)
    found = await watch.watching.read_standings([elsewhere.record_id])
    standings = {each.record_id: each.standing for each in records} | found

    async with transaction(watch.rig.background) as db:
        await bring_all_into_line(db, standings, BEGUN)

    calling = [each for each in records if each.is_open and each.rating in ("red", "amber")]
    where = {each.record_id: each.compartment.compartment_id for each in calling}
    assert where == {row["record_id"]: row["compartment_id"] for row in await owner.rows(FIND_WHERE, [*ids(records)])}
    for bodies in [*(some_bodies(chance) for _ in range(6)), BODIES]:
        seen = await rows_seen(watch.rig, a_visitor_of(code, *bodies), "task")
        assert ids(seen_with(bodies, calling)) == seen
    assert {elsewhere.record_id} == await rows_seen(watch.rig, administrator, "task")
    assert ids(calling) == await rows_seen(watch.rig, a_visitor_of_all(code), "task")


async def test_records_that_move_together_take_their_tasks_to_their_own_compartments(
    watch: Watch, owner: Owner, code: str
) -> None:
    chance = random.Random(3)
    records = random_records(chance, code)
    async with transaction(watch.rig.background) as db:
        await bring_all_into_line(db, {each.record_id: each.standing for each in records}, BEGUN)
    moved = [each.moved_to(*chance.choice(records).bodies) for each in records[:20]]
    late = [
        PairRecord(code, chance.choice(records).bodies, version=-1, record_id=each.record_id) for each in records[20:]
    ]

    async with transaction(watch.rig.background) as db:
        await bring_all_into_line(db, {each.record_id: each.standing for each in (*moved, *late)}, BEGUN)

    calling = [each for each in (*moved, *records[20:]) if each.is_open and each.rating in ("red", "amber")]
    where = {each.record_id: each.compartment.compartment_id for each in calling}
    assert where == {row["record_id"]: row["compartment_id"] for row in await owner.rows(FIND_WHERE, [*ids(records)])}


async def test_records_that_do_not_exist_are_left_out_of_the_answer(watch: Watch, administrator: Visitor) -> None:
    receipt = await a_record(watch, administrator)
    unknown = UUID(int=7)

    found = await watch.watching.read_standings([unknown, receipt.record_id])

    stood = found[receipt.record_id]
    assert found[unknown] is None
    assert stood is not None
    assert (receipt.record_id, receipt.reference) == (stood.record_id, stood.reference)

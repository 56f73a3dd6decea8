"""A register whose scope is made of bodies: who sees which tasks and outcomes, and what follows a record that moves."""

import random
from collections.abc import Sequence
from uuid import UUID

import pytest

from services.outcomes.handlers.watching import bring_into_line
from shared.bus.protocol import Context
from shared.contracts.outcomes import (
    MOST_TASKS,
    AcknowledgeTask,
    CountTasks,
    ListOutcomes,
    OutcomeReceipt,
    RecordOutcome,
    TaskCounts,
)
from shared.contracts.referrals.archiving import CheckRecord, RecordChecked
from shared.database import transaction
from shared.messages import Message, Refused, Request
from shared.permissions import Role, Visitor
from shared.registers.load import Registers, load_registers
from tests.services.outcomes.rig import Rig, an_administrator, some_answers
from tests.services.outcomes.watching import Watch
from tests.services.referrals.builders import new_id
from tests.services.referrals.rig import Owner
from tests.services.two_bodies import (
    AUTHORITIES,
    BEGUN,
    BODIES,
    COMMISSIONERS,
    PairRecord,
    a_code,
    a_two_body_register,
    a_visitor_of,
    a_visitor_of_all,
    random_records,
    seen_with,
    some_bodies,
)

NORTH, SOUTH, EAST = AUTHORITIES
FIRST, SECOND = COMMISSIONERS
KINDS = {"red": "urgent", "amber": "agenda"}


@pytest.fixture
def code() -> str:
    return a_code()


@pytest.fixture
def registers(code: str) -> Registers:
    return Registers([*load_registers().every(), a_two_body_register(code)])


async def told(rig: Rig, *records: PairRecord) -> None:
    """Let outcomes learn the standing of these records, as after their events."""
    for record in records:
        async with transaction(rig.background) as db:
            await bring_into_line(db, record.record_id, record.standing, BEGUN)


async def checked_as(rig: Rig, *records: PairRecord) -> None:
    """Let referrals say that every visitor may see these records, as they are now."""
    known = {each.record_id: each for each in records}

    async def answer(asked: Request[Message], _context: Context) -> RecordChecked:
        assert isinstance(asked, CheckRecord)
        if asked.record_id not in known:
            raise Refused("not_found")
        found = known[asked.record_id]
        return RecordChecked(
            record_id=found.record_id, bodies=found.compartment.bodies, version=found.version, is_open=found.is_open
        )

    kind, _ = rig.referrals.wire.answers[CheckRecord.subject]
    rig.referrals.wire.answers[CheckRecord.subject] = (kind, answer)


async def recorded(rig: Rig, visitor: Visitor, record: PairRecord) -> OutcomeReceipt:
    asked = RecordOutcome(
        command_id=new_id(), edition="2022", record_id=record.record_id, version=record.version, answers=some_answers()
    )
    return await rig.ask(visitor, asked)


async def outcomes_seen(rig: Rig, visitor: Visitor) -> set[UUID]:
    """Return the records of the outcomes that row-level security alone lets the visitor see."""
    return await rows_seen(rig, visitor, "outcome")


async def rows_seen(rig: Rig, visitor: Visitor, table: str) -> set[UUID]:
    async with transaction(rig.pool, await rig.context.reach(visitor)) as db:
        return {row["record_id"] for row in await db.fetch(f"SELECT record_id FROM {table}")}


async def every_task(watch: Watch, visitor: Visitor) -> list[tuple[str, UUID]]:
    """Return the tasks of every page of the work list, in order."""
    found: list[tuple[str, UUID]] = []
    place, more = 0, True
    while more:
        page = await watch.listed(visitor, skip_urgent=place, skip_agenda=place)
        found += [("urgent", each.record_id) for each in page.urgent]
        found += [("agenda", each.record_id) for each in page.agenda]
        place, more = place + MOST_TASKS, bool(page.urgent or page.agenda)
    return found


def ids(records: Sequence[PairRecord]) -> set[UUID]:
    return {each.record_id for each in records}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_a_visitor_sees_exactly_the_tasks_of_records_that_name_a_body_of_theirs(
    watch: Watch, code: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.outcomes.handlers.tasks.MOST_TASKS", 3)
    monkeypatch.setattr("tests.services.outcomes.test_bodies.MOST_TASKS", 3)
    chance = random.Random(seed)
    records = random_records(chance, code)
    await told(watch.rig, *records)
    visitors = [(a_visitor_of(code, *bodies), bodies) for bodies in (some_bodies(chance) for _ in range(6))]

    for visitor, bodies in [*visitors, (a_visitor_of_all(code), BODIES)]:
        seen = [each for each in seen_with(bodies, records) if each.is_open and each.rating in KINDS]
        expected = {(KINDS[each.rating], each.record_id) for each in seen}
        tasks = await every_task(watch, visitor)
        urgent = sum(kind == "urgent" for kind, _ in expected)

        assert len(expected) == len(tasks)
        assert expected == set(tasks)
        counts = TaskCounts(urgent=urgent, unseen=urgent, agenda=len(expected) - urgent)
        assert counts == await watch.rig.ask(visitor, CountTasks())
        assert ids(seen) == await rows_seen(watch.rig, visitor, "task")


@pytest.mark.parametrize("everything", [False, True])
async def test_both_ways_to_list_tasks_have_one_order(watch: Watch, code: str, everything: bool) -> None:
    records = [PairRecord(code, pair) for pair in ((NORTH, FIRST), (EAST, SECOND), (NORTH, SECOND), (SOUTH, FIRST))]
    await told(watch.rig, *records)
    visitor = a_visitor_of_all(code) if everything else a_visitor_of(code, *BODIES)
    (first, *_) = (await watch.listed(visitor)).urgent
    await watch.see(visitor, first)

    listed = (await watch.listed(visitor)).urgent

    by_id = sorted((each for each in listed if each.task_id != first.task_id), key=lambda each: each.task_id)
    assert [*(each.task_id for each in by_id), first.task_id] == [each.task_id for each in listed]
    assert [None] * 4 == [each.organisation_id for each in listed]


async def test_a_task_out_of_sight_is_as_unknown_as_none(watch: Watch, code: str) -> None:
    await told(watch.rig, PairRecord(code, (NORTH, FIRST)))
    (task,) = (await watch.listed(a_visitor_of_all(code))).urgent
    asked = AcknowledgeTask(command_id=new_id(), task_id=task.task_id)

    found = [
        await watch.rig.refusal(each, asked)
        for each in (a_visitor_of(code, EAST), a_visitor_of_all("dsr"), an_administrator())
    ]

    assert [("not_found", {})] * 3 == found
    assert ("", {}) == await watch.rig.refusal(a_visitor_of(code, FIRST), asked)


async def test_an_outcome_is_seen_by_the_bodies_of_its_record(rig: Rig, code: str) -> None:
    record = PairRecord(code, (NORTH, FIRST))
    await checked_as(rig, record)

    await recorded(rig, a_visitor_of(code, NORTH), record)

    seen = [a_visitor_of(code, NORTH), a_visitor_of(code, FIRST), a_visitor_of_all(code)]
    unseen = [a_visitor_of(code, SOUTH, SECOND), a_visitor_of(code), a_visitor_of_all("dsr"), an_administrator()]
    unseen.append(a_visitor_of(code, NORTH, role=Role.STANDARD))
    assert [{record.record_id}] * 3 == [await outcomes_seen(rig, each) for each in seen]
    assert [False] * 5 == [record.record_id in await outcomes_seen(rig, each) for each in unseen]
    (event,) = await rig.told(record.record_id)
    assert record.compartment.bodies == event.bodies


async def test_a_record_that_moves_takes_its_outcomes_and_tasks_along(watch: Watch, owner: Owner, code: str) -> None:
    record, calmed = PairRecord(code, (NORTH, FIRST)), PairRecord(code, (NORTH, FIRST))
    await told(watch.rig, record, calmed)
    await checked_as(watch.rig, record)
    north, east = a_visitor_of(code, NORTH), a_visitor_of(code, EAST)
    await recorded(watch.rig, north, record)
    (before,) = [each for each in (await watch.listed(north)).urgent if each.record_id == record.record_id]

    moved = record.moved_to(EAST, SECOND)
    await told(watch.rig, moved, record)
    await told(watch.rig, PairRecord(code, (EAST, SECOND), "green", version=1, record_id=calmed.record_id))

    assert [set(), set()] == [await rows_seen(watch.rig, north, each) for each in ("task", "outcome")]
    assert {record.record_id, calmed.record_id} == await rows_seen(watch.rig, east, "task")
    assert {record.record_id} == await outcomes_seen(watch.rig, east)
    (after,) = (await watch.listed(east)).urgent
    assert before.task_id == after.task_id
    await checked_as(watch.rig, moved)
    assert 1 == len((await watch.rig.ask(east, ListOutcomes(record_id=record.record_id))).outcomes)


async def test_an_outcome_that_is_recorded_while_its_record_moves_follows_it(rig: Rig, code: str) -> None:
    """The visitor's check sees the old compartment, and the move is known before the outcome is stored."""
    record = PairRecord(code, (NORTH, FIRST))
    await checked_as(rig, record)
    await told(rig, record, record.moved_to(EAST, SECOND))

    await recorded(rig, a_visitor_of(code, NORTH), record)

    found = [await outcomes_seen(rig, a_visitor_of(code, each)) for each in (NORTH, EAST)]
    assert [set(), {record.record_id}] == found


async def test_what_nobody_has_seen_is_told_of_with_the_bodies_of_the_record(watch: Watch, code: str) -> None:
    record = PairRecord(code, (NORTH, FIRST))
    await told(watch.rig, record)

    while await watch.escalation.tell_again():
        pass

    (event,) = await watch.told_again(record.record_id)
    assert record.compartment.bodies == event.bodies
    assert 1 == len(event.subjects())  # a notice is for the notifier alone


async def test_urgent_tasks_are_counted_for_administrators_within_their_compartments_alone(
    watch: Watch, code: str
) -> None:
    near, far = PairRecord(code, (NORTH, FIRST)), PairRecord(code, (EAST, SECOND))
    await told(watch.rig, near, far)
    one, other = near.compartment.compartment_id, far.compartment.compartment_id
    north, everything = a_visitor_of(code, NORTH), a_visitor_of_all(code)
    cases: list[tuple[Visitor | None, str, list[UUID] | None, list[int]]] = [
        (north, code, [one], [1]),
        (north, code, [], [0]),
        (north, code, [one, other], []),
        (north, code, None, []),
        (everything, code, None, [2]),
        (everything, code, [other], [1]),
        (everything, "dsr", None, []),
        (a_visitor_of(code, NORTH, role=Role.STANDARD), code, [one], []),
        (a_visitor_of_all(code, role=Role.REPORTING), code, None, []),
        (None, code, None, []),
        (None, code, [one], []),
    ]

    for visitor, register_code, named, expected in cases:
        reader = await watch.rig.context.reach(visitor) if visitor else None
        async with transaction(watch.rig.pool, reader) as db:
            rows = await db.fetch("SELECT urgent FROM count_urgent($1, $2)", register_code, named)
        assert expected == [row["urgent"] for row in rows]

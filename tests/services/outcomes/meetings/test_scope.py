"""Who sees what of a meeting: the meeting belongs to the register, and each item to the compartment of its record."""

import asyncio
from uuid import UUID

import pytest

from shared.contracts.meetings import AddItem, DeclareInterest, ReadItem, RemoveItem
from shared.contracts.outcomes import ListTasks
from shared.database import transaction
from shared.permissions import Role, Visitor
from shared.registers.load import Registers, load_registers
from tests.services.outcomes.meetings.board import Board, some_minutes
from tests.services.outcomes.meetings.test_minutes import adding, pages
from tests.services.referrals.builders import a_visitor, new_id
from tests.services.referrals.rig import Owner
from tests.services.two_bodies import AUTHORITIES, COMMISSIONERS, a_two_body_register, a_visitor_of, a_visitor_of_all

NORTH, SOUTH, EAST = AUTHORITIES
FIRST, SECOND = COMMISSIONERS
TABLES = ("meeting_item", "meeting_addendum", "meeting_interest", "agreed_review")


@pytest.fixture
def registers(code: str) -> Registers:
    return Registers([*load_registers().every(), a_two_body_register(code)])


@pytest.fixture
def administrator(code: str) -> Visitor:
    return a_visitor_of_all(code).model_copy(update={"full_name": "Ada Minister"})


async def rows_seen(board: Board, visitor: Visitor) -> list[set[UUID]]:
    """Return the records of the rows that row-level security alone lets the visitor see, by table."""
    async with transaction(board.rig.pool, await board.rig.context.reach(visitor)) as db:
        return [{row["record_id"] for row in await db.fetch(f"SELECT record_id FROM {each}")} for each in TABLES]


@pytest.mark.requirement("R-MEET-002")
async def test_whoever_starts_a_meeting_its_agenda_has_the_people_of_all_compartments(board: Board, code: str) -> None:
    near, far = await board.person(bodies=(NORTH, FIRST), rated=-8), await board.person(bodies=(EAST, SECOND))
    north, east = a_visitor_of(code, NORTH), a_visitor_of(code, EAST)
    meeting_id = await board.plan(await board.series(), 0.1)
    planned = [await board.on(meeting_id, each) for each in (board.visitor, north, east)]
    listed = [(await board.listed(each)).coming[0].items for each in (board.visitor, north, east)]

    await board.start(meeting_id, north)

    assert [[far, near], [near], [far]] == planned
    assert [2, 1, 1] == listed
    assert planned == [await board.on(meeting_id, each) for each in (board.visitor, north, east)]
    assert [[set()] * 4] * 2 == [
        await rows_seen(board, each)
        for each in (a_visitor_of(code, SOUTH), a_visitor_of(code, NORTH, role=Role.STANDARD))
    ]
    assert [{near}, set(), set(), set()] == await rows_seen(board, north)


async def test_whoever_closes_a_meeting_the_ambers_of_all_compartments_are_discussed(board: Board, code: str) -> None:
    near, far = await board.person(bodies=(NORTH, FIRST)), await board.person(bodies=(EAST, SECOND))
    meeting_id = await board.plan(await board.series(), 0.1)
    await board.start(meeting_id)
    for each in (near, far):
        await board.decide(meeting_id, each)

    await board.close(meeting_id, a_visitor_of(code, NORTH))

    assert () == (await board.rig.ask(board.visitor, ListTasks())).agenda
    assert [[True], [True]] == [await board.told(each) for each in (near, far)]


@pytest.mark.requirement("R-MEET-006")
async def test_overdue_reviews_are_on_the_agendas_of_those_who_may_see_the_records(board: Board, code: str) -> None:
    near, far = [await board.person("green", bodies=each) for each in ((NORTH, FIRST), (EAST, SECOND))]
    for each in (near, far):
        await board.agree(each, -1)
    meeting_id = await board.plan(await board.series(), 0.1)
    visitors = [a_visitor_of(code, NORTH), a_visitor_of(code, EAST), a_visitor_of(code, SOUTH)]

    planned = [await board.on(meeting_id, each) for each in visitors]
    await board.start(meeting_id, visitors[2])

    assert [[near], [far], []] == planned
    assert planned == [await board.on(meeting_id, each) for each in visitors]


@pytest.mark.requirement("R-MEET-002")
async def test_only_ambers_in_reach_are_counted_as_unplaced(board: Board, code: str) -> None:
    await board.person(bodies=(NORTH, FIRST))
    await board.person(bodies=(NORTH, SECOND), locality=None)
    await board.person(bodies=(EAST, SECOND))

    found = [(await board.listed(each)).unplaced for each in (board.visitor, a_visitor_of(code, NORTH))]

    assert [{"": 1, "south_staffordshire": 2}, {"": 1, "south_staffordshire": 1}] == found


async def test_an_item_out_of_sight_is_as_unknown_as_none(board: Board, code: str) -> None:
    near, far = await board.person(bodies=(NORTH, FIRST)), await board.person("green", bodies=(EAST, SECOND))
    meeting_id = await board.plan(await board.series(), 0.1)
    await board.add(meeting_id, far)
    north = a_visitor_of(code, NORTH)
    asked = {"meeting_id": meeting_id, "record_id": far}

    planned = [
        await board.rig.refusal(north, each)
        for each in (ReadItem(**asked), RemoveItem(command_id=new_id(), **asked), some_minutes(meeting_id, far))
    ]
    await board.start(meeting_id)
    await board.save(meeting_id, far, update="Secret")
    running = [
        await board.rig.refusal(north, each)
        for each in (ReadItem(**asked), DeclareInterest(command_id=new_id(), **asked), some_minutes(meeting_id, far, 1))
    ]
    await board.close(meeting_id)
    closed = await board.rig.refusal(north, adding(meeting_id, far))
    (pack,) = await pages(board.rig, north, meeting_id)

    assert [("not_found", {})] * 7 == [*planned, *running, closed]
    assert [near] == [each.record_id for each in pack.minutes]
    assert "Secret" not in pack.model_dump_json()


async def test_what_is_kept_of_a_person_follows_the_record_into_another_compartment(board: Board, code: str) -> None:
    person = await board.person(bodies=(NORTH, FIRST))
    series_id = await board.series()
    first, second = await board.plan(series_id, 0.1), await board.plan(series_id, 7)
    north, east = a_visitor_of(code, NORTH), a_visitor_of(code, EAST)
    await board.start(first)
    await board.decide(first, person, "further_meeting")
    await board.declare(first, person)
    await board.close(first)
    await board.rig.ask(north, adding(first, person))
    await board.agree(person, -1)

    before = [await rows_seen(board, each) for each in (north, east)]
    await board.change(person, "", EAST, SECOND)

    assert [[{person}] * 4, [set()] * 4] == before
    assert [[set()] * 4, [{person}] * 4] == [await rows_seen(board, each) for each in (north, east)]
    assert ([], [person]) == (await board.on(second, north), await board.on(second, east))
    assert "closed" == (await board.agenda(first, east)).meeting.state


async def test_who_is_added_while_their_record_moves_is_kept_where_it_lies(board: Board, code: str) -> None:
    """The visitor's check sees the old compartment, and the move is known before the item is stored."""
    person = await board.person("green", bodies=(NORTH, FIRST))
    seen = board.people[person]
    meeting_id = await board.plan(await board.series(), 7)
    await board.change(person, "", EAST, SECOND)
    board.people[person] = seen

    await board.add(meeting_id, person, a_visitor_of(code, NORTH))

    found = [await board.on(meeting_id, a_visitor_of(code, each)) for each in (NORTH, EAST)]
    assert [[], [person]] == found


async def test_records_that_move_while_a_meeting_starts_take_their_items_along(
    board: Board, code: str, owner: Owner
) -> None:
    people = [await board.person(bodies=(NORTH, FIRST)) for _ in range(8)]
    meeting_id = await board.plan(await board.series(), 0.1)

    await asyncio.gather(board.start(meeting_id), *(board.change(each, "", EAST, SECOND) for each in people))

    assert set(people) == set(await board.on(meeting_id, a_visitor_of(code, EAST)))
    assert [] == await board.on(meeting_id, a_visitor_of(code, NORTH))
    apart = """
        SELECT count(*) FROM meeting_item AS i INNER JOIN record_known AS k ON k.record_id = i.record_id
        WHERE i.meeting_id = $1 AND i.compartment_id <> k.compartment_id
    """
    assert 0 == await owner.value(apart, meeting_id)


async def test_an_administrator_of_another_register_learns_nothing_from_the_functions(board: Board, code: str) -> None:
    await board.person(bodies=(NORTH, FIRST))
    meeting_id = await board.plan(await board.series(), 0.1)
    plan = """
        SELECT count(*) AS found
        FROM agenda_ids(jsonb_build_object(
            'register_code', $1::text, 'series_id', $2::uuid, 'meeting_id', $2::uuid, 'locality', NULL,
            'others', '{}'::text [], 'whole_is_free', true, 'after', NULL, 'cut_off', now(), 'today', now()
        ), NULL)
    """
    strangers = (a_visitor_of_all("dsr"), a_visitor_of_all(code, role=Role.REPORTING), None)
    found = []
    for each in (board.visitor, *strangers):
        async with transaction(board.rig.pool, each) as db:
            found.append(await db.fetchval(plan, code, meeting_id))
    await board.start(meeting_id)
    for stranger in strangers:
        async with transaction(board.rig.pool, stranger) as db:
            found.append(len(await db.fetch("SELECT FROM discuss_items($1, now(), $2, 'x')", meeting_id, new_id())))

    assert [1, 0, 0, 0, 0, 0, 0] == found


async def test_who_may_not_see_a_record_cannot_put_it_on_an_agenda(board: Board, code: str) -> None:
    meeting_id = await board.plan(await board.series(), 7)
    asked = AddItem(command_id=new_id(), meeting_id=meeting_id, record_id=new_id())

    assert ("not_found", {}) == await board.rig.refusal(a_visitor(Role.ADMINISTRATOR, register_code=code), asked)

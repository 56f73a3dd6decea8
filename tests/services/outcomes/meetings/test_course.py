"""The day of a meeting: it starts with a stored agenda, notes who came, and is closed with final minutes."""

import asyncio

import asyncpg
import pytest

from shared.contracts.meetings import CloseMeeting, SaveAttendance, StartMeeting
from shared.contracts.outcomes import ListTasks
from shared.database import transaction
from tests.services.outcomes.meetings.board import Board, some_minutes
from tests.services.referrals.builders import new_id
from tests.services.referrals.rig import Owner


def starting(meeting_id: object) -> StartMeeting:
    return StartMeeting.model_validate({"command_id": new_id(), "meeting_id": meeting_id})


def closing(meeting_id: object) -> CloseMeeting:
    return CloseMeeting.model_validate({"command_id": new_id(), "meeting_id": meeting_id})


@pytest.mark.requirement("R-MEET-002")
async def test_a_meeting_starts_with_the_agenda_of_that_moment_and_new_ambers_wait_for_the_next(board: Board) -> None:
    before = await board.person()
    meeting_id = await board.plan(await board.series(), 0.1)

    started = await board.start(meeting_id)
    after = await board.person()
    await board.change(before, "green")

    assert (2, "in_progress") == (started.version, started.state)
    assert ([before], {"south_staffordshire": 1}) == (await board.on(meeting_id), (await board.listed()).unplaced)
    assert after not in await board.on(meeting_id)


@pytest.mark.requirement("R-MEET-002")
async def test_started_by_several_at_once_a_meeting_has_one_agenda(board: Board, owner: Owner) -> None:
    people = {await board.person() for _ in range(5)}
    meeting_id = await board.plan(await board.series(), 0.1)

    receipts = await asyncio.gather(*(board.start(meeting_id) for _ in range(4)))

    assert {(2, "in_progress")} == {(each.version, each.state) for each in receipts}
    assert (people, 5) == (set(await board.on(meeting_id)), len(await board.on(meeting_id)))
    audited = "SELECT count(*) FROM audit WHERE action = 'meeting.started' AND subjects[1] = $1"
    assert 1 == await owner.value(audited, meeting_id)


async def test_a_meeting_starts_on_its_day_or_later_and_not_once_it_is_over(board: Board) -> None:
    series_id = await board.series()
    cancelled, meeting_id = await board.plan(series_id, 3), await board.plan(series_id, 1)
    await board.cancel(cancelled)

    async def started(of: object) -> str:
        return (await board.rig.refusal(board.visitor, starting(of)))[0]

    early = [await started(each) for each in (meeting_id, cancelled, new_id())]
    board.clock.pass_days(2)
    late = [await started(each) for each in (meeting_id, meeting_id)]
    await board.close(meeting_id)

    assert (["too_early", "not_planned", "not_found"], ["", ""]) == (early, late)
    assert "not_planned" == await started(meeting_id)


async def test_a_meeting_is_closed_once_and_only_after_it_started(board: Board, owner: Owner) -> None:
    meeting_id = await board.plan(await board.series(), 0.1)
    refused = [(await board.rig.refusal(board.visitor, closing(each)))[0] for each in (meeting_id, new_id())]
    await board.start(meeting_id)

    receipts = await asyncio.gather(*(board.close(meeting_id) for _ in range(3)))

    assert ["not_started", "not_found"] == refused
    assert {(3, "closed")} == {(each.version, each.state) for each in receipts}
    audited = "SELECT count(*) FROM audit WHERE action = 'meeting.closed' AND subjects[1] = $1"
    assert 1 == await owner.value(audited, meeting_id)


@pytest.mark.requirement("R-MEET-014", "R-FLOW-012")
async def test_closing_takes_the_ambers_that_were_discussed_off_the_list_and_says_so_once_for_each(
    board: Board,
) -> None:
    meeting_id, (done, back, draft, red) = await board.begun("amber", "amber", "amber", "red")
    await board.decide(meeting_id, done)
    await board.decide(meeting_id, back, "further_meeting")
    await board.save(meeting_id, draft, update="Not decided yet")
    await board.decide(meeting_id, red)

    await board.close(meeting_id)

    tasks = await board.rig.ask(board.visitor, ListTasks())
    assert ([draft], [red]) == (
        [each.record_id for each in tasks.agenda],
        [each.record_id for each in tasks.urgent],
    )
    assert {done, back} == {each.record_id for each in tasks.discussed}
    assert {("Ada Minister", board.clock.now)} == {(each.discussed_by, each.discussed_at) for each in tasks.discussed}
    assert [[True], [True], [], []] == [await board.told(each) for each in (done, back, draft, red)]


async def test_who_changed_on_a_later_day_than_their_minutes_stays_on_the_list(board: Board) -> None:
    """The meeting is closed late. What was reviewed at the meeting was discussed there, and later news was not."""
    meeting_id, (reviewed, changed) = await board.begun("amber", "amber")
    for each in (reviewed, changed):
        await board.decide(meeting_id, each)
    await board.change(reviewed)
    board.clock.pass_days(1)
    await board.change(changed)

    await board.close(meeting_id)

    tasks = await board.rig.ask(board.visitor, ListTasks())
    assert [changed] == [each.record_id for each in tasks.agenda]
    assert [reviewed] == [each.record_id for each in tasks.discussed]


# ------------------------------------------------------------------------------------------------------ final minutes
KEPT = "minutes of this meeting are final|this meeting is over"
CHANGES = (
    "UPDATE meeting_item SET answers = '{}' WHERE meeting_id = $1",
    "UPDATE meeting_item SET is_done = true WHERE meeting_id = $1",
    "DELETE FROM meeting_item WHERE meeting_id = $1",
    "UPDATE meeting SET state = 'in_progress', closed_at = NULL, closed_by = NULL WHERE id = $1",
    "UPDATE meeting SET attendance = '[]' WHERE id = $1",
    "INSERT INTO meeting_item (meeting_id, record_id, register_code, compartment_id, reference, urgency, because, "
    "added_at) SELECT meeting_id, gen_random_uuid(), register_code, compartment_id, reference, urgency, because, "
    "added_at FROM meeting_item WHERE meeting_id = $1",
)


@pytest.mark.requirement("R-MEET-014")
@pytest.mark.parametrize("statement", CHANGES)
async def test_the_database_keeps_the_minutes_of_a_closed_meeting(board: Board, owner: Owner, statement: str) -> None:
    meeting_id, (amber,) = await board.begun("amber")
    await board.save(meeting_id, amber, update="Seen at home")
    await board.close(meeting_id)
    before = await board.item(meeting_id, amber)

    async def tried() -> None:
        async with transaction(board.rig.pool, board.visitor) as db:
            await db.execute(statement, meeting_id)

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match=KEPT):
        await tried()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match=KEPT):
        await owner.rows(statement, meeting_id)
    assert before == await board.item(meeting_id, amber)


@pytest.mark.requirement("R-MEET-014")
async def test_minutes_saved_while_the_meeting_is_being_closed_are_in_it_or_refused(board: Board) -> None:
    meeting_id, (amber,) = await board.begun("amber")

    refusal, _ = await asyncio.gather(
        board.rig.refusal(board.visitor, some_minutes(meeting_id, amber, done=True, decision="no_change")),
        board.close(meeting_id),
    )

    (item,) = (await board.agenda(meeting_id)).items
    assert (refusal[0], item.is_done) in {("", True), ("closed", False)}
    tasks = await board.rig.ask(board.visitor, ListTasks())
    assert item.is_done == (not tasks.agenda)


# ----------------------------------------------------------------------------------------------------------- attendance
def attending(meeting_id: object, version: int, *rows: tuple[str, str, str]) -> SaveAttendance:
    attendance = [{"service": service, "name": name, "presence": presence} for service, name, presence in rows]
    return SaveAttendance.model_validate(
        {"command_id": new_id(), "meeting_id": meeting_id, "version": version, "attendance": attendance}
    )


@pytest.mark.requirement("R-MEET-008")
async def test_who_came_is_noted_by_service_and_required_services_without_anyone_are_missing(board: Board) -> None:
    series_id = await board.series(services=["Social care", "Crisis team", "Police"])
    meeting_id = await board.plan(series_id, 0.1)
    planned = (await board.agenda(meeting_id)).missing
    await board.start(meeting_id)
    begun = (await board.agenda(meeting_id)).missing
    rows = (("social CARE", "Sue Care", "present"), ("Police", "Paul Lice", "apologies"), ("Housing", "", "present"))

    await board.rig.ask(board.visitor, attending(meeting_id, 0, *rows))
    await board.series(series_id=series_id, version=1, services=["Housing", "Fire service"])

    agenda = await board.agenda(meeting_id)
    assert ((), ("Social care", "Crisis team", "Police")) == (planned, begun)
    assert (("Crisis team", "Police"), 1) == (agenda.missing, agenda.attendance_version)
    assert list(rows) == [(each.service, each.name, each.presence) for each in agenda.attendance]


@pytest.mark.requirement("R-MEET-008")
async def test_attendance_is_noted_during_the_meeting_and_nobody_saves_over_another(board: Board) -> None:
    series_id = await board.series()
    meeting_id, cancelled = await board.plan(series_id, 0.1), await board.plan(series_id, 2)
    await board.cancel(cancelled)
    row = ("Police", "", "present")

    async def noted(version: int, of: object = meeting_id) -> str:
        return (await board.rig.refusal(board.visitor, attending(of, version, row)))[0]

    early = [await noted(0), await noted(0, cancelled), await noted(0, new_id())]
    await board.start(meeting_id)
    during = await asyncio.gather(noted(0), noted(0))
    await board.close(meeting_id)

    assert ["not_started", "closed", "not_found"] == early
    assert ["", "conflict"] == sorted(during)
    assert "closed" == await noted(1)

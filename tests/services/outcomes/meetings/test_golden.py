"""The replies about meetings match the recorded golden messages."""

from shared.contracts.meetings import (
    AddItem,
    CancelMeeting,
    ChangeMeeting,
    CloseMeeting,
    DeclareInterest,
    ListMeetings,
    ListSeries,
    PlanMeeting,
    ReadAgenda,
    ReadItem,
    ReadPack,
    RemoveItem,
    SaveMinutes,
    SaveSeries,
    StartMeeting,
)
from tests.contracts.golden import check_golden
from tests.services.outcomes.meetings.board import NORTH, Board, a_plan, a_series, some_minutes
from tests.services.outcomes.meetings.test_course import attending, closing, starting
from tests.services.outcomes.meetings.test_minutes import FORM, a_colleague, adding
from tests.services.outcomes.meetings.test_planning import changing
from tests.services.referrals.builders import new_id


async def test_golden_series_and_plans(board: Board) -> None:
    ask, visitor = board.rig.ask, board.visitor
    saved = await ask(visitor, a_series(services=["Social care", "Crisis team"], cut_off_days=2))
    await board.series(None, name="All areas", is_active=False)
    await board.person("amber", locality=NORTH)
    planned = await ask(visitor, a_plan(saved.series_id, board.clock.now.replace(day=9)))
    changed = await ask(visitor, changing(planned.meeting_id, 1))
    later = await board.plan(saved.series_id, 20)

    check_golden(SaveSeries, saved)
    check_golden(PlanMeeting, planned)
    check_golden(ChangeMeeting, changed)
    check_golden(CancelMeeting, await board.cancel(later))
    check_golden(ListSeries, await ask(visitor, ListSeries()))


async def test_golden_meeting(board: Board) -> None:
    """A planned meeting, the same in progress with an interest of another user, and closed with an addendum."""
    ask, visitor, other = board.rig.ask, board.visitor, a_colleague(board.visitor)
    red, amber = await board.person("red", rated=-9), await board.person("amber", rated=-8)
    green, extra = await board.person("green"), await board.person("green")
    series_id = await board.series(services=["Social care", "Crisis team"])
    meeting_id = await board.plan(series_id, 0.1)
    adding_one = AddItem(command_id=new_id(), meeting_id=meeting_id, record_id=green)
    await ask(visitor, adding_one)
    await board.add(meeting_id, extra)
    removing = RemoveItem(command_id=new_id(), meeting_id=meeting_id, record_id=extra)
    await ask(visitor, removing)
    agendas, items = [await board.agenda(meeting_id)], [await board.item(meeting_id, amber)]
    started = await ask(visitor, starting(meeting_id))
    rows = (("Social care", "Sue Care", "present"), ("Crisis team", "", "apologies"))
    await ask(visitor, attending(meeting_id, 0, *rows))
    draft = await ask(visitor, some_minutes(meeting_id, red, update="Moved"))
    done = await ask(visitor, some_minutes(meeting_id, amber, done=True, **FORM))
    interest = DeclareInterest(command_id=new_id(), meeting_id=meeting_id, record_id=amber)
    await ask(other, interest)
    agendas += [await board.agenda(meeting_id), await board.agenda(meeting_id, other)]
    items.append(await board.item(meeting_id, red))
    closed = await ask(visitor, closing(meeting_id))
    await ask(visitor, adding(meeting_id, amber))
    agendas.append(await board.agenda(meeting_id))
    items.append(await board.item(meeting_id, amber))
    await board.plan(series_id, 7)

    check_golden(StartMeeting, started)
    check_golden(SaveMinutes, draft, done)
    check_golden(CloseMeeting, closed)
    check_golden(ReadAgenda, *agendas)
    check_golden(ReadItem, *items)
    check_golden(ListMeetings, await board.listed())
    check_golden(ReadPack, await ask(visitor, ReadPack(meeting_id=meeting_id)))

"""Meetings beside the real referrals: ratings, archives and reversals reach an agenda by their events."""

from datetime import timedelta

import pytest

from shared.contracts.meetings import AddItem
from shared.contracts.referrals.saving import ReviewRecord
from shared.permissions import Role, Visitor
from shared.values import london_day
from tests.services.outcomes.meetings.board import Board, SetClock
from tests.services.outcomes.rig import Rig, an_ending
from tests.services.referrals.builders import a_visitor, new_id


@pytest.fixture
async def board(rig: Rig, clock: SetClock, administrator: Visitor) -> Board:
    """Return a board whose people are those of the real referrals, which rates them by the real clock."""
    clock.now = rig.referrals.context.clock()
    return Board(rig, clock, administrator)


async def hear(board: Board) -> None:
    while await board.rig.referrals.relay.carry_batch():
        pass


@pytest.mark.requirement("R-MEET-002", "R-MEET-006")
async def test_a_rating_enters_the_agenda_and_an_archive_leaves_it(board: Board) -> None:
    lead = a_visitor(Role.STANDARD, *board.visitor.organisation_ids, register_code=board.visitor.register_code)
    amber, green = [await board.rig.referrals.submit(lead, risk_level=each) for each in ("amber", "green")]
    await hear(board)
    meeting_id = await board.plan(await board.series(), 7)
    await board.add(meeting_id, green.record_id)
    before = await board.because(meeting_id)

    await board.rig.ask(board.visitor, an_ending(green))
    await hear(board)
    again = AddItem(command_id=new_id(), meeting_id=meeting_id, record_id=green.record_id)

    assert {amber.record_id: "agenda", green.record_id: "by_hand"} == before
    assert [amber.record_id] == await board.on(meeting_id)
    assert ("archived", {}) == await board.rig.refusal(board.visitor, again)
    board.clock.pass_days(7)
    await board.start(meeting_id)
    assert (await board.decide(meeting_id, amber.record_id)).is_done


@pytest.mark.requirement("R-MEET-006")
async def test_the_day_that_a_review_agrees_on_puts_a_green_on_the_agenda_once_it_has_passed(board: Board) -> None:
    lead = a_visitor(Role.STANDARD, *board.visitor.organisation_ids, register_code=board.visitor.register_code)
    green = await board.rig.referrals.submit(lead, risk_level="green")
    tomorrow = london_day(board.clock.now) + timedelta(days=1)
    review = ReviewRecord(command_id=new_id(), record_id=green.record_id, version=green.version, next_review=tomorrow)
    reviewed = await board.rig.referrals.ask(lead, review)
    await hear(board)
    series_id = await board.series()
    meeting_id = await board.plan(series_id, 7)

    before = await board.on(meeting_id)
    board.clock.pass_days(2)
    overdue = await board.because(meeting_id)
    again = review.model_copy(
        update={"command_id": new_id(), "version": reviewed.version, "next_review": tomorrow + timedelta(days=60)}
    )
    await board.rig.referrals.ask(lead, again)
    await hear(board)

    assert ([], {green.record_id: "overdue"}, []) == (before, overdue, await board.on(meeting_id))

"""The agenda of a planned meeting: who is on it, why, in which order, and on no other one."""

from datetime import timedelta

import pytest

from tests.services.outcomes.meetings.board import NORTH, Board


@pytest.mark.requirement("R-MEET-002", "R-MEET-006")
async def test_an_agenda_has_the_reds_and_ambers_of_its_area(board: Board) -> None:
    amber, red, green = [await board.person(each) for each in ("amber", "red", "green")]
    await board.person("amber", locality=NORTH)
    meeting_id = await board.plan(await board.series())

    agenda = await board.agenda(meeting_id)

    assert [red, amber] == [each.record_id for each in agenda.items]
    assert [("urgent", "urgent"), ("agenda", "alert")] == [(each.because, each.urgency) for each in agenda.items]
    assert board.clock.now - timedelta(days=30) == agenda.items[0].since
    await board.add(meeting_id, green)
    assert "by_hand" == (await board.because(meeting_id))[green]
    assert {NORTH: 1} == (await board.listed()).unplaced

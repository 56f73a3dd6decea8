"""What meetings decided about a record, as its lead and the team read it beside its actions."""

from uuid import UUID

import pytest

from services.outcomes.store import actions as store
from shared.bus.protocol import Context
from shared.contracts.actions import ListRecordActions
from shared.contracts.referrals.archiving import CheckRecord, RecordChecked
from shared.database import transaction
from shared.messages import Message, Request
from shared.permissions import Role, Visitor
from tests.services.outcomes.meetings.board import Board
from tests.services.referrals.builders import a_visitor


async def let_update(board: Board) -> None:
    """Let referrals say of everybody that they may update a record of the board."""
    answers = board.rig.referrals.wire.answers
    kind, check = answers[CheckRecord.subject]

    async def checked(asked: Request[Message], context: Context) -> Message:
        found = await check(asked, context)
        assert isinstance(found, RecordChecked)
        return found.model_copy(update={"may_update": True})

    answers[CheckRecord.subject] = (kind, checked)


async def decisions(board: Board, visitor: Visitor, record_id: UUID) -> list[tuple[str, str]]:
    found = await board.rig.ask(visitor, ListRecordActions(record_id=record_id))
    return [(each.meeting, each.decision) for each in found.decisions]


async def decided(board: Board) -> UUID:
    """Return a person about whom a closed meeting decided, and a running one has a draft decision."""
    person, series = await board.person(), await board.series()
    await board.hold(await board.plan(series, 0.1), person, decision="further_meeting")
    board.clock.pass_days(7)
    running = await board.plan(series, 0.1)
    await board.start(running)
    await board.decide(running, person, "plan_changed")
    return person


@pytest.mark.requirement("R-MEET-013")
async def test_the_lead_and_the_team_read_what_closed_meetings_decided(board: Board, code: str) -> None:
    person = await decided(board)
    lead = a_visitor(Role.STANDARD, *board.visitor.organisation_ids, register_code=code)
    await let_update(board)

    for reader in (lead, board.visitor):
        assert [("South area meeting", "Discuss again at the next meeting")] == await decisions(board, reader, person)


@pytest.mark.requirement("R-MEET-007", "R-MEET-013")
async def test_who_has_an_interest_does_not_read_the_decision_here_either(board: Board) -> None:
    person, series = await board.person(), await board.series()
    meeting_id = await board.plan(series, 0.1)
    colleague = board.visitor.model_copy(update={"user_id": a_visitor().user_id})
    await board.start(meeting_id)
    await board.declare(meeting_id, person, colleague)
    await board.decide(meeting_id, person, "further_meeting")
    await board.close(meeting_id)

    assert [] == await decisions(board, colleague, person)
    assert 1 == len(await decisions(board, board.visitor, person))


@pytest.mark.requirement("R-MEET-013")
async def test_the_function_itself_shows_a_decision_to_nobody_else(board: Board, code: str) -> None:
    person, here = await decided(board), board.visitor.organisation_ids
    readers = {
        "a colleague to whom the record is not named": (a_visitor(Role.STANDARD, *here, register_code=code), False),
        "a standard user elsewhere": (a_visitor(Role.STANDARD, register_code=code), True),
        "an administrator elsewhere": (a_visitor(Role.ADMINISTRATOR, register_code=code), True),
        "a reporting user": (a_visitor(Role.REPORTING, *here, register_code=code), True),
        "another register": (a_visitor(Role.ADMINISTRATOR, *here), True),
        "nobody": (None, True),
    }

    for who, (reader, is_named) in readers.items():
        async with transaction(board.rig.pool, reader) as db:
            if is_named:
                await store.name_record(db, person)
            assert [] == await store.list_decisions(db, person), who

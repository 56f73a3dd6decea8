"""The minutes about one person: drafts and decisions, two editors, interests, addenda, and the print pack."""

import asyncio
from uuid import UUID

import pytest

from services.outcomes.handlers import meeting_minutes as handlers
from shared.contracts.meetings import MOST_ADDENDA, AddAddendum, DeclareInterest, MeetingPack, ReadItem, ReadPack
from shared.contracts.referrals.archiving import CheckRecord
from shared.permissions import Role, Visitor
from tests.services.outcomes.meetings.board import Board, some_minutes
from tests.services.outcomes.rig import Rig
from tests.services.referrals.builders import EDITION, a_visitor, new_id
from tests.services.referrals.rig import Owner

FORM = {
    "update": "Moved to a new home",
    "discussion": "Two lines\nof text",
    "resources_agreed": "A key worker",
    "gap": "respite",
    "decision": "plan_changed",
}


def a_colleague(visitor: Visitor) -> Visitor:
    return a_visitor(Role.ADMINISTRATOR, *visitor.organisation_ids, register_code=visitor.register_code)


@pytest.mark.requirement("R-MEET-009")
async def test_minutes_are_saved_as_drafts_and_then_as_decided(board: Board) -> None:
    meeting_id, (amber,) = await board.begun("amber")
    empty = (await board.item(meeting_id, amber)).minutes
    first = await board.save(meeting_id, amber, update="Moved", gap="nonsense")
    draft = (await board.item(meeting_id, amber)).minutes

    done = await board.save(meeting_id, amber, 1, done=True, **FORM)

    item = await board.item(meeting_id, amber)
    assert ({}, 0, EDITION, None) == (empty.answers, empty.version, empty.edition, empty.saved_at)
    assert (1, False, {"update": "Moved", "gap": "nonsense"}) == (first.version, draft.is_done, draft.answers)
    assert (FORM, True, 2) == (item.minutes.answers, item.minutes.is_done, done.version)
    assert ("Ada Minister", board.clock.now) == (item.minutes.saved_by, item.minutes.saved_at)
    assert (True, "Support plan changed") == (item.item.is_done, item.item.decision)
    assert (1, 1, "South area meeting") == (item.meeting.items, item.meeting.done, item.minutes.meeting_name)


@pytest.mark.requirement("R-MEET-009")
async def test_done_minutes_can_become_a_draft_again(board: Board) -> None:
    meeting_id, (amber,) = await board.begun("amber")
    await board.decide(meeting_id, amber, "further_meeting")

    again = await board.save(meeting_id, amber, 1, update="One more thing", decision="further_meeting")

    item = (await board.agenda(meeting_id)).items[0]
    assert (False, False, "") == (again.is_done, item.is_done, item.decision)


@pytest.mark.requirement("R-MEET-009")
async def test_done_minutes_are_checked_and_nothing_of_a_refused_save_is_stored(board: Board) -> None:
    meeting_id, (amber,) = await board.begun("amber")
    cases = [
        ("invalid_answers", some_minutes(meeting_id, amber, done=True, update="No decision")),
        ("invalid_answers", some_minutes(meeting_id, amber, done=True, decision="nonsense")),
        ("invalid_answers", some_minutes(meeting_id, amber, unknown="Not asked")),
        ("invalid_answers", some_minutes(meeting_id, amber, update="x" * 150_001)),
        ("unknown_edition", some_minutes(meeting_id, amber).model_copy(update={"edition": "1999"})),
        ("not_found", some_minutes(meeting_id, new_id())),
        ("not_found", some_minutes(new_id(), amber)),
    ]

    assert [code for code, _ in cases] == [(await board.rig.refusal(board.visitor, each))[0] for _, each in cases]
    assert 0 == (await board.item(meeting_id, amber)).minutes.version


@pytest.mark.requirement("R-MEET-009")
async def test_of_two_editors_the_second_is_told_and_the_text_of_the_first_stays(board: Board) -> None:
    meeting_id, (amber,) = await board.begun("amber")
    first = some_minutes(meeting_id, amber, update="First")
    other = a_colleague(board.visitor)
    await asyncio.gather(board.rig.ask(board.visitor, first), board.rig.ask(board.visitor, first))

    second = await board.rig.refusal(other, some_minutes(meeting_id, amber, update="Second"))

    assert ("conflict", {"version": 1}) == second
    minutes = (await board.item(meeting_id, amber)).minutes
    assert (1, {"update": "First"}) == (minutes.version, minutes.answers)
    sent = [some_minutes(meeting_id, amber, 1, update=f"Again {number}") for number in range(4)]
    told = await asyncio.gather(*(board.rig.refusal(board.visitor, each) for each in sent))
    assert ["", "conflict", "conflict", "conflict"] == sorted(code for code, _ in told)


@pytest.mark.requirement("R-MEET-014")
async def test_minutes_are_taken_during_the_meeting_only(board: Board) -> None:
    amber = await board.person()
    series_id = await board.series()
    meeting_id, cancelled = await board.plan(series_id, 0.1), await board.plan(series_id, 1)
    green = await board.person("green")
    for each in (meeting_id, cancelled):
        await board.add(each, green)
    await board.cancel(cancelled)

    async def saved(of: UUID, record_id: UUID) -> str:
        return (await board.rig.refusal(board.visitor, some_minutes(of, record_id)))[0]

    early = [await saved(meeting_id, green), await saved(cancelled, green)]
    await board.start(meeting_id)
    during = await saved(meeting_id, amber)
    await board.close(meeting_id)

    assert (["not_started", "closed"], "") == (early, during)
    assert "closed" == await saved(meeting_id, green)


async def test_the_first_save_tells_referrals_that_the_edition_is_in_use(board: Board) -> None:
    meeting_id, (amber,) = await board.begun("amber")
    with board.rig.noticing(CheckRecord) as (asked, _):
        await board.save(meeting_id, amber)
        first = asked.is_set()
    with board.rig.noticing(CheckRecord) as (asked, _):
        await board.save(meeting_id, amber, 1)

    assert (True, False) == (first, asked.is_set())


async def test_an_item_shows_its_place_its_neighbours_and_the_minutes_of_the_meeting_before(board: Board) -> None:
    people = [await board.person(rated=rated) for rated in (-9, -8, -7)]
    series_id = await board.series()
    first, second = await board.plan(series_id, 0.1), await board.plan(series_id, 7)
    await board.start(first)
    await board.save(first, people[1], done=True, **{**FORM, "decision": "further_meeting"})
    await board.close(first)
    board.clock.pass_days(7)
    before_start = await board.item(second, people[1])
    await board.start(second)

    item = await board.item(second, people[1])

    assert (before_start.item, before_start.last) == (item.item, item.last)
    assert "carried" == item.item.because
    assert (2, 3, people[0], people[2]) == (item.place, item.of, item.before, item.after)
    assert item.last
    assert (first, "A key worker") == (item.last.meeting_id, item.last.answers["resources_agreed"])
    assert [(None, people[1]), (people[1], None)] == [
        (each.before, each.after) for each in [await board.item(second, people[at]) for at in (0, 2)]
    ]
    assert None is (await board.item(first, people[1])).last
    assert ("not_found", {}) == await board.rig.refusal(board.visitor, ReadItem(meeting_id=second, record_id=new_id()))


# ------------------------------------------------------------------------------------------------------------ interests
@pytest.mark.requirement("R-MEET-007")
async def test_who_declares_an_interest_is_shut_out_of_that_item_alone(board: Board) -> None:
    meeting_id, (first, second, third) = await board.begun("amber", "amber", "amber")
    for each in (first, second):
        await board.decide(meeting_id, each)
    other = a_colleague(board.visitor)
    await board.declare(meeting_id, second, other)
    await board.declare(meeting_id, second, other)

    refused = [
        await board.rig.refusal(other, each)
        for each in (
            ReadItem(meeting_id=meeting_id, record_id=second),
            some_minutes(meeting_id, second, 1, update="Mine"),
        )
    ]

    order = await board.on(meeting_id)
    shown = {each.record_id: each for each in (await board.agenda(meeting_id, other)).items}
    assert [("interest", {})] * 2 == refused
    assert {first: (False, "No change"), second: (True, ""), third: (False, "")} == {
        record_id: (each.interest, each.decision) for record_id, each in shown.items()
    }
    neighbour = await board.item(meeting_id, order[0] if order[0] != second else order[1], other)
    assert second not in (neighbour.before, neighbour.after)
    assert "No change" == (await board.item(meeting_id, second)).item.decision


@pytest.mark.requirement("R-MEET-007")
async def test_an_interest_can_be_declared_before_the_meeting_and_holds_after_it(board: Board) -> None:
    amber = await board.person()
    meeting_id = await board.plan(await board.series(), 0.1)
    other = a_colleague(board.visitor)
    await board.declare(meeting_id, amber, other)
    asked = ReadItem(meeting_id=meeting_id, record_id=amber)
    refused = [await board.rig.refusal(other, asked)]
    await board.start(meeting_id)
    refused.append(await board.rig.refusal(other, asked))
    await board.decide(meeting_id, amber)
    await board.close(meeting_id)

    addendum = AddAddendum(command_id=new_id(), meeting_id=meeting_id, record_id=amber, text="Mine")
    refused += [await board.rig.refusal(other, each) for each in (asked, addendum)]

    assert [("interest", {})] * 4 == refused
    again = DeclareInterest(command_id=new_id(), meeting_id=meeting_id, record_id=amber)
    unknown = again.model_copy(update={"command_id": new_id(), "record_id": new_id()})
    assert ["closed", "closed"] == [(await board.rig.refusal(other, each))[0] for each in (again, unknown)]


@pytest.mark.requirement("R-MEET-007")
async def test_minutes_of_an_earlier_meeting_stay_closed_to_who_declared_an_interest_then(board: Board) -> None:
    amber = await board.person()
    series_id = await board.series()
    first, second = await board.plan(series_id, 0.1), await board.plan(series_id, 7)
    other = a_colleague(board.visitor)
    await board.declare(first, amber, other)
    await board.hold(first, amber, decision="further_meeting")

    found = [await board.item(second, amber, each) for each in (board.visitor, other)]

    assert [first, None] == [each.last.meeting_id if each.last else None for each in found]


async def test_nobody_declares_an_interest_in_who_is_not_on_the_agenda(board: Board) -> None:
    meeting_id, _ = await board.begun("amber")
    asked = DeclareInterest(command_id=new_id(), meeting_id=meeting_id, record_id=new_id())

    assert ("not_found", {}) == await board.rig.refusal(board.visitor, asked)


# -------------------------------------------------------------------------------------------------------------- addenda
def adding(meeting_id: UUID, record_id: UUID, text: str = "The date was wrong") -> AddAddendum:
    return AddAddendum(command_id=new_id(), meeting_id=meeting_id, record_id=record_id, text=text)


@pytest.mark.requirement("R-MEET-014")
async def test_final_minutes_are_corrected_by_addenda_only(board: Board) -> None:
    meeting_id, (amber,) = await board.begun("amber")
    await board.save(meeting_id, amber, done=True, **FORM)
    early = await board.rig.refusal(board.visitor, adding(meeting_id, amber))
    await board.close(meeting_id)

    for text in ("The date was wrong", "So was the place"):
        board.clock.pass_days(1)
        await board.rig.ask(board.visitor, adding(meeting_id, amber, text))

    minutes = (await board.item(meeting_id, amber)).minutes
    assert ("not_closed", {}) == early
    assert (FORM, 1) == (minutes.answers, minutes.version)
    assert ["The date was wrong", "So was the place"] == [each.text for each in minutes.addenda]
    assert ("Ada Minister", board.clock.now) == (minutes.addenda[1].added_by, minutes.addenda[1].added_at)
    assert "closed" == (await board.rig.refusal(board.visitor, some_minutes(meeting_id, amber, 1)))[0]


async def test_addenda_have_a_limit_in_number_and_in_size(board: Board) -> None:
    meeting_id, (amber, other) = await board.begun("amber", "amber")
    await board.close(meeting_id)
    for _ in range(MOST_ADDENDA):
        await board.rig.ask(board.visitor, adding(meeting_id, amber, "x"))
    for _ in range(6):
        await board.rig.ask(board.visitor, adding(meeting_id, other, "x" * 10_000))

    refused = [(await board.rig.refusal(board.visitor, adding(meeting_id, each)))[0] for each in (amber, other)]

    assert ["too_many", "too_many"] == refused
    assert "not_found" == (await board.rig.refusal(board.visitor, adding(meeting_id, new_id())))[0]


async def test_an_item_without_minutes_can_be_corrected_too(board: Board) -> None:
    meeting_id, (amber,) = await board.begun("amber")
    await board.close(meeting_id)

    await board.rig.ask(board.visitor, adding(meeting_id, amber, "She was discussed after all"))

    minutes = (await board.item(meeting_id, amber)).minutes
    assert (0, ["She was discussed after all"]) == (minutes.version, [each.text for each in minutes.addenda])


# ----------------------------------------------------------------------------------------------------------- print pack
async def pages(rig: Rig, visitor: Visitor, meeting_id: UUID) -> list[MeetingPack]:
    found = [await rig.ask(visitor, ReadPack(meeting_id=meeting_id))]
    while found[-1].more:
        skip = sum(len(each.minutes) for each in found)
        found.append(await rig.ask(visitor, ReadPack(meeting_id=meeting_id, skip=skip)))
    return found


@pytest.mark.requirement("R-MEET-014")
async def test_the_print_pack_has_the_whole_meeting_in_pages_and_is_audited_as_a_print(
    board: Board, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "MOST_PACKED", 2)
    meeting_id, people = await board.begun("amber", "amber", "amber", "red")
    for each in people[1:]:
        await board.save(meeting_id, each, update=f"About {each}")

    found = await pages(board.rig, board.visitor, meeting_id)

    order = await board.on(meeting_id)
    assert [2, 2] == [len(each.minutes) for each in found]
    assert order == [each.record_id for page in found for each in page.minutes]
    assert [order] * 2 == [[each.record_id for each in page.agenda.items] for page in found]
    assert {0, 1} == {each.version for page in found for each in page.minutes}
    audited = "SELECT subjects FROM audit WHERE action = 'minutes.printed' AND actor = $1 LIMIT 1"
    assert [meeting_id, *order] == await owner.value(audited, board.visitor.user_id)


@pytest.mark.requirement("R-MEET-014")
async def test_a_page_of_the_pack_fits_into_one_message(board: Board) -> None:
    meeting_id, people = await board.begun(*["amber"] * 5)
    for each in people:
        await board.save(meeting_id, each, update="é" * 60_000)

    found = await pages(board.rig, board.visitor, meeting_id)

    assert [3, 2] == [len(each.minutes) for each in found]
    assert all(len(each.model_dump_json().encode()) < 512_000 for each in found)


@pytest.mark.requirement("R-MEET-007")
async def test_the_pack_leaves_out_minutes_in_which_the_reader_has_an_interest(board: Board) -> None:
    meeting_id, people = await board.begun("amber", "amber", "amber")
    for each in people:
        await board.decide(meeting_id, each)
    other = a_colleague(board.visitor)
    await board.declare(meeting_id, people[1], other)

    (found,) = await pages(board.rig, other, meeting_id)

    assert {people[0], people[2]} == {each.record_id for each in found.minutes}
    assert 3 == len(found.agenda.items)


AUDITED = "SELECT action FROM audit WHERE actor = $1 AND subjects = $2 ORDER BY id"


async def test_what_is_done_about_a_person_is_audited_with_ids_and_names_of_fields(board: Board, owner: Owner) -> None:
    green = await board.person("green")
    meeting_id = await board.plan(await board.series(), 0.1)
    await board.add(meeting_id, green)
    await board.agenda(meeting_id)
    await board.start(meeting_id)
    await board.item(meeting_id, green)
    await board.save(meeting_id, green, update="A secret")
    await board.close(meeting_id)
    await board.rig.ask(board.visitor, adding(meeting_id, green, "Another secret"))

    rows = await owner.rows(AUDITED, board.visitor.user_id, [meeting_id, green])

    wanted = ["agenda.item_added", "agenda.read", "minutes.read", "minutes.saved", "minutes.corrected"]
    assert wanted == [row["action"] for row in rows]
    fields = "SELECT fields FROM audit WHERE action = 'minutes.saved' AND actor = $1"
    assert ["update"] == await owner.value(fields, board.visitor.user_id)

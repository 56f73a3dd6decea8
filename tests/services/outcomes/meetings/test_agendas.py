"""The agenda of a planned meeting: who is on it, why, in which order, and on no other one."""

from datetime import timedelta

import pytest

from services.outcomes.handlers.watching import bring_all_into_line
from shared.contracts.meetings import MOST_ITEMS, AddItem, RemoveItem
from shared.database import transaction
from shared.registers.bodies import organisation_compartment
from tests.services.outcomes.meetings.board import NORTH, SOUTH, Board, Person
from tests.services.referrals.builders import new_id


@pytest.mark.requirement("R-MEET-002", "R-MEET-006")
async def test_an_agenda_has_the_reds_and_ambers_of_its_area_and_greens_by_hand(board: Board) -> None:
    amber, red, green = [await board.person(each) for each in ("amber", "red", "green")]
    await board.person("amber", locality=NORTH)
    meeting_id = await board.plan(await board.series())
    before = await board.agenda(meeting_id)

    await board.add(meeting_id, green)

    items = (await board.agenda(meeting_id)).items
    assert [red, amber] == [each.record_id for each in before.items]
    assert [red, amber, green] == [each.record_id for each in items]
    assert ["urgent", "agenda", "by_hand"] == [each.because for each in items]
    assert ["urgent", "alert", "routine"] == [each.urgency for each in items]
    assert [board.clock.now - timedelta(days=30)] * 2 == [each.since for each in items if each.since]
    assert {NORTH: 1} == (await board.listed()).unplaced


@pytest.mark.requirement("R-MEET-006")
async def test_reds_come_first_and_then_ambers_and_greens_each_the_oldest_rating_first(board: Board) -> None:
    wanted = {}
    for rating, rated in (("amber", -3), ("red", -1), ("amber", -9), ("red", -5), ("green", -20)):
        wanted[rating, rated] = await board.person(rating, rated=rated)
    meeting_id = await board.plan(await board.series())
    await board.add(meeting_id, wanted["green", -20])

    order = [("red", -5), ("red", -1), ("amber", -9), ("amber", -3), ("green", -20)]
    assert [wanted[each] for each in order] == await board.on(meeting_id)
    await board.plan(await board.series(None))
    board.clock.pass_days(7)
    await board.start(meeting_id)
    assert [wanted[each] for each in order] == await board.on(meeting_id)


@pytest.mark.requirement("R-MEET-002")
async def test_an_amber_enters_one_agenda_only_and_a_cancelled_meeting_leaves_it_to_the_next(board: Board) -> None:
    amber, green = await board.person(), await board.person("green")
    series_id = await board.series()
    second, first = await board.plan(series_id, 14), await board.plan(series_id, 7)
    await board.add(first, green)

    before = [await board.on(each) for each in (first, second)]
    await board.cancel(first)

    assert [[amber, green], []] == before
    assert {amber: "agenda", green: "carried"} == await board.because(second)


@pytest.mark.requirement("R-MEET-002")
async def test_an_amber_after_the_cut_off_waits_for_the_meeting_after_and_without_one_it_is_unplaced(
    board: Board,
) -> None:
    series_id = await board.series(cut_off_days=3)
    first = await board.plan(series_id, 7)
    early, late = await board.person(rated=4), await board.person(rated=5)

    before = (await board.on(first), (await board.listed()).unplaced)
    second = await board.plan(series_id, 14)

    assert ([early], {SOUTH: 1}) == before
    assert ([early], [late], {}) == (
        await board.on(first),
        await board.on(second),
        (await board.listed()).unplaced,
    )


@pytest.mark.requirement("R-MEET-002")
async def test_the_cut_off_is_the_end_of_a_day_in_london_also_when_clocks_change(board: Board) -> None:
    """On 29 March 2026 London goes to summer time, and the day of the cut-off ends at 23:00 in UTC."""
    series_id = await board.series(cut_off_days=1)
    meeting_id = await board.plan(series_id, 29)  # 31 March
    midnight = 27 + 11 / 24  # 29 March, 23:00 in UTC, from noon on 2 March
    second = 1 / 86_400
    early = await board.person(rated=midnight + 1 - second)
    await board.person(rated=midnight + 1)

    assert [early] == await board.on(meeting_id)
    shown = (await board.agenda(meeting_id)).meeting
    assert "2026-03-30T22:59:59.999999+00:00" == shown.cut_off_at.isoformat()


@pytest.mark.requirement("R-MEET-001", "R-MEET-002")
async def test_a_series_without_locality_takes_whom_no_series_of_their_own_covers(board: Board) -> None:
    south, north, nowhere = [await board.person(locality=each) for each in (SOUTH, NORTH, None)]
    whole = await board.plan(await board.series(None))

    alone = set(await board.on(whole))
    own = await board.series(SOUTH)
    unplaced = (await board.listed()).unplaced
    meeting_id = await board.plan(own)

    assert {south, north, nowhere} == alone
    assert {SOUTH: 1} == unplaced
    assert ([south], {north, nowhere}) == (await board.on(meeting_id), set(await board.on(whole)))


@pytest.mark.requirement("R-MEET-006", "R-MEET-014")
async def test_those_without_decision_and_those_decided_to_come_back_are_carried_over_and_no_others(
    board: Board,
) -> None:
    open_green, back_green, done_green = [await board.person("green") for _ in range(3)]
    back, done, undone = [await board.person("amber") for _ in range(3)]
    series_id = await board.series()
    first, second = await board.plan(series_id, 7), await board.plan(series_id, 14)
    for each in (open_green, back_green, done_green):
        await board.add(first, each)
    board.clock.pass_days(7)
    await board.start(first)
    for each in (done, done_green):
        await board.decide(first, each)
    for each in (back, back_green):
        await board.decide(first, each, "further_meeting")

    during = await board.on(second)
    await board.close(first)

    expected = {undone: "agenda", back: "carried", open_green: "carried", back_green: "carried"}
    assert [] == during
    assert expected == await board.because(second)
    assert "alert" == next(each.urgency for each in (await board.agenda(second)).items if each.record_id == back)


@pytest.mark.requirement("R-MEET-006")
async def test_who_has_been_at_a_meeting_since_is_not_carried_over_again(board: Board) -> None:
    green = await board.person("green")
    series_id = await board.series()
    first, second, third = [await board.plan(series_id, days) for days in (7, 14, 21)]
    await board.add(first, green)
    board.clock.pass_days(7)
    await board.hold(first)
    board.clock.pass_days(7)

    carried = await board.because(second)
    await board.hold(second, green)

    assert {green: "carried"} == carried
    assert [] == await board.on(third)


async def test_a_person_is_once_on_an_agenda_with_the_most_urgent_reason(board: Board) -> None:
    person = await board.person("green")
    series_id = await board.series()
    first, second = await board.plan(series_id, 7), await board.plan(series_id, 14)
    await board.add(first, person)
    board.clock.pass_days(7)
    await board.hold(first)
    await board.change(person, "red")

    await board.add(await board.plan(series_id, 21), person)

    assert {person: "urgent"} == await board.because(second)
    board.clock.pass_days(7)
    await board.start(second)
    assert {person: "urgent"} == await board.because(second)


@pytest.mark.requirement("R-MEET-006")
async def test_who_was_added_by_hand_and_turns_red_is_on_the_agenda_as_red(board: Board) -> None:
    person = await board.person("green")
    meeting_id = await board.plan(await board.series(), 0.1)
    await board.add(meeting_id, person)
    await board.change(person, "red")

    await board.start(meeting_id)

    (item,) = (await board.agenda(meeting_id)).items
    assert ("urgent", "urgent", board.clock.now) == (item.because, item.urgency, item.since)


@pytest.mark.requirement("R-MEET-006")
async def test_who_is_overdue_for_an_agreed_review_is_on_the_next_agenda(board: Board) -> None:
    overdue, today, later, taken_back, elsewhere, gone = [await board.person("green") for _ in range(6)]
    amber = await board.person("amber")
    for each, days in ((overdue, 1), (today, 3), (later, 4), (taken_back, 1), (elsewhere, 1), (gone, 1), (amber, 1)):
        await board.agree(each, days)
    await board.agree(taken_back, None)
    await board.change(elsewhere, locality=NORTH)
    await board.leave(gone)
    series_id = await board.series()
    first, second = await board.plan(series_id, 5), await board.plan(series_id, 12)

    before = await board.because(first)
    board.clock.pass_days(3)
    planned = [await board.because(each) for each in (first, second)]
    board.clock.pass_days(2)
    await board.start(first)

    assert {amber: "agenda"} == before
    assert [{amber: "agenda", overdue: "overdue"}, {}] == planned
    assert [amber, overdue, today, later] == await board.on(first)
    await board.decide(first, overdue)
    await board.agree(overdue, 90)
    await board.close(first)
    assert {amber: "agenda", today: "carried", later: "carried"} == await board.because(second)


async def test_who_has_left_the_register_drops_out_and_who_came_back_returns(board: Board) -> None:
    amber, by_hand, carried = [await board.person(each) for each in ("amber", "green", "green")]
    series_id = await board.series()
    first, second = await board.plan(series_id, 7), await board.plan(series_id, 14)
    await board.add(first, carried)
    board.clock.pass_days(7)
    await board.hold(first, amber, decision="further_meeting")
    await board.add(second, by_hand)
    before = set(await board.on(second))

    for each in (amber, by_hand, carried):
        await board.leave(each)
    gone = await board.on(second)
    for each in (by_hand, carried):
        await board.leave(each, is_open=True)
    back = set(await board.on(second))
    await board.leave(by_hand)
    board.clock.pass_days(7)
    await board.start(second)

    assert {amber, by_hand, carried} == before
    assert ([], {by_hand, carried}) == (gone, back)
    assert [carried] == await board.on(second)


async def test_nobody_waits_for_a_meeting_that_was_forgotten_and_it_can_still_be_held(board: Board) -> None:
    amber = await board.person()
    series_id = await board.series()
    forgotten, next_one = await board.plan(series_id, 7), await board.plan(series_id, 14)
    board.clock.pass_days(8)

    waiting = [await board.on(each) for each in (forgotten, next_one)]
    await board.start(forgotten)

    assert [[], [amber]] == waiting
    assert [[amber], []] == [await board.on(each) for each in (forgotten, next_one)]


async def test_a_meeting_that_is_never_closed_keeps_nobody_from_the_next(board: Board) -> None:
    amber = await board.person()
    series_id = await board.series()
    first, second = await board.plan(series_id, 7), await board.plan(series_id, 14)
    board.clock.pass_days(7)
    await board.start(first)

    during = await board.on(second)
    board.clock.pass_days(1)

    assert ([], [amber]) == (during, await board.on(second))


async def test_a_series_that_has_ended_takes_nobody(board: Board) -> None:
    amber = await board.person()
    series_id = await board.series()
    meeting_id = await board.plan(series_id)

    await board.series(series_id=series_id, version=1, is_active=False)
    whole = await board.plan(await board.series(None))

    assert ([], [amber]) == (await board.on(meeting_id), await board.on(whole))


async def test_people_carried_over_by_a_series_of_the_whole_register_are_not_lost_when_areas_replace_it(
    board: Board,
) -> None:
    south, north = [await board.person(locality=each) for each in (SOUTH, NORTH)]
    whole = await board.series(None)
    meeting_id = await board.plan(whole, 0.1)
    await board.hold(meeting_id, south, north, decision="further_meeting")

    await board.series(None, series_id=whole, version=1, is_active=False)
    meetings = [await board.plan(await board.series(each)) for each in (SOUTH, NORTH)]

    assert [{south: "carried"}, {north: "carried"}] == [await board.because(each) for each in meetings]


@pytest.mark.slow
async def test_an_agenda_has_at_most_150_people_and_the_rest_wait_for_the_next(board: Board) -> None:
    compartment = organisation_compartment(board.visitor.organisation_ids[0])
    people = [
        Person(board.visitor.register_code, compartment, rated_at=board.clock.now - timedelta(days=30, minutes=-number))
        for number in range(MOST_ITEMS + 2)
    ]
    async with transaction(board.rig.background) as db:
        await bring_all_into_line(db, {each.record_id: each.standing for each in people}, board.clock.now)
    series_id = await board.series()
    first, second = await board.plan(series_id, 0.1), await board.plan(series_id, 14)

    listed = await board.listed()
    await board.start(first)
    board.clock.pass_days(1)

    assert [MOST_ITEMS, 0] == [each.items for each in listed.coming]
    assert {SOUTH: 2} == listed.unplaced
    assert [each.record_id for each in people[:MOST_ITEMS]] == await board.on(first)
    assert MOST_ITEMS == len(await board.on(second))


# -------------------------------------------------------------------------------------------------------------- by hand
@pytest.mark.requirement("R-MEET-006")
async def test_nobody_is_added_twice_nor_if_unknown_archived_or_too_late(board: Board) -> None:
    amber, green, gone = [await board.person(each) for each in ("amber", "green", "green")]
    await board.leave(gone)
    series_id = await board.series()
    meeting_id, cancelled = await board.plan(series_id, 7), await board.plan(series_id, 8)
    await board.cancel(cancelled)
    await board.add(meeting_id, green)

    def adding(record_id: object, to: object = meeting_id) -> AddItem:
        return AddItem.model_validate({"command_id": new_id(), "meeting_id": to, "record_id": record_id})

    cases = [adding(amber), adding(green), adding(gone), adding(new_id()), adding(green, new_id())]
    cases.append(adding(green, cancelled))
    refused = [(await board.rig.refusal(board.visitor, each))[0] for each in cases]
    assert ["on_agenda", "on_agenda", "archived", "not_found", "not_found", "closed"] == refused


async def test_who_was_added_by_hand_is_taken_off_again_and_nobody_else(board: Board) -> None:
    amber, green, other = [await board.person(each) for each in ("amber", "green", "green")]
    meeting_id = await board.plan(await board.series(), 0.1)
    for each in (green, other):
        await board.add(meeting_id, each)

    def removing(record_id: object) -> RemoveItem:
        return RemoveItem.model_validate({"command_id": new_id(), "meeting_id": meeting_id, "record_id": record_id})

    planned = [(await board.rig.refusal(board.visitor, removing(each)))[0] for each in (amber, green, green)]
    await board.start(meeting_id)
    await board.save(meeting_id, other, update="Seen")
    running = [(await board.rig.refusal(board.visitor, removing(each)))[0] for each in (amber, other)]
    await board.close(meeting_id)

    assert ["not_by_hand", "", "not_found"] == planned
    assert ["not_by_hand", "has_minutes"] == running
    assert "closed" == (await board.rig.refusal(board.visitor, removing(other)))[0]
    assert [amber, other] == await board.on(meeting_id)


async def test_people_are_added_while_the_meeting_goes_on(board: Board) -> None:
    meeting_id, (amber,) = await board.begun("amber")
    late = await board.person("amber")

    during = await board.on(meeting_id)
    await board.add(meeting_id, late)

    assert [amber] == during
    assert {amber: "agenda", late: "by_hand"} == await board.because(meeting_id)

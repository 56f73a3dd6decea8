"""Series by area and their meetings: saved, planned, changed, cancelled, and listed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.outcomes.handlers import meetings as handlers
from shared.contracts.meetings import CancelMeeting, ChangeMeeting, ListSeries
from shared.messages import Fault, Refused
from shared.permissions import Role, Visitor
from tests.services.outcomes.meetings.board import NORTH, SOUTH, Board, a_plan, a_series
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.rig import Owner


@pytest.mark.requirement("R-MEET-001")
async def test_a_series_has_its_area_chair_services_and_cut_off(board: Board) -> None:
    services = ("Social care", " Crisis team ", "social care")
    series_id = await board.series(services=services, cut_off_days=3)
    whole = await board.series(None, name="All areas", is_active=False)

    found = await board.rig.ask(board.visitor, ListSeries())

    assert [(series_id, True), (whole, False)] == [(each.series_id, each.is_active) for each in found.series]
    series = found.series[0]
    assert ("South area meeting", SOUTH, "Carol Chair") == (series.name, series.locality, series.chair)
    assert (("Social care", "Crisis team"), 3, 1) == (series.services, series.cut_off_days, series.version)
    assert {SOUTH, NORTH} <= set(found.unplaced)


@pytest.mark.requirement("R-MEET-001", "R-MEET-002")
async def test_localities_without_a_planned_meeting_are_named(board: Board) -> None:
    await board.plan(await board.series())
    found = [await board.rig.ask(board.visitor, ListSeries())]

    await board.plan(await board.series(None), 1)
    found.append(await board.rig.ask(board.visitor, ListSeries()))
    board.clock.pass_days(2)
    found.append(await board.rig.ask(board.visitor, ListSeries()))

    assert [(False, True), (False, False), (False, True)] == [
        (SOUTH in each.unplaced, NORTH in each.unplaced) for each in found
    ]


async def test_an_area_has_one_active_series_and_a_change_names_the_version_that_was_shown(board: Board) -> None:
    series_id = await board.series()
    ended = await board.series(is_active=False)
    cases = {
        "locality_taken": a_series(),
        "unknown_locality": a_series(locality="elsewhere"),
        "not_found": a_series(series_id=new_id(), version=1),
        "conflict": a_series(series_id=series_id, version=0),
        "": a_series(series_id=series_id, version=1, name="Renamed"),
    }
    again = a_series(series_id=ended, version=1)

    assert list(cases) == [(await board.rig.refusal(board.visitor, each))[0] for each in cases.values()]
    assert ("locality_taken", {}) == await board.rig.refusal(board.visitor, again)
    assert ("conflict", {"version": 2}) == await board.rig.refusal(board.visitor, a_series(series_id=series_id))


async def test_two_series_saved_at_once_for_one_area_are_one(board: Board) -> None:
    async def save() -> str:
        return (await board.rig.refusal(board.visitor, a_series()))[0]

    assert ["", "locality_taken", "locality_taken"] == sorted(await asyncio.gather(save(), save(), save()))


async def test_a_meeting_is_planned_once_a_day_and_not_in_the_past(board: Board) -> None:
    series_id = await board.series()
    ended = await board.series(NORTH, is_active=False)
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    sent = a_plan(series_id, noon)
    await board.rig.ask(board.visitor, sent)
    cases = {
        "": sent,
        "already_planned": a_plan(series_id, noon + timedelta(hours=11)),
        "past": a_plan(series_id, board.clock.now - timedelta(minutes=1)),
        "ended": a_plan(ended, noon),
        "not_found": a_plan(new_id(), noon),
    }

    assert list(cases) == [(await board.rig.refusal(board.visitor, each))[0] for each in cases.values()]
    assert 1 == len((await board.listed()).coming)


def changing(meeting_id: object, version: int, **changes: object) -> ChangeMeeting:
    fields = {"starts_at": datetime(2026, 3, 12, 9, tzinfo=UTC), "minutes": 90, "place": "Room 2", "chair": "Chris"}
    return ChangeMeeting.model_validate(
        {"command_id": new_id(), "meeting_id": meeting_id, "version": version, **fields, **changes}
    )


async def test_a_planned_meeting_is_changed_and_no_other_one(board: Board) -> None:
    series_id = await board.series()
    meeting_id, other = await board.plan(series_id, 7), await board.plan(series_id, 8)
    begun = await board.plan(await board.series(NORTH), 0.1)
    await board.start(begun)

    changed = await board.rig.ask(board.visitor, changing(meeting_id, 1))
    (shown,) = [each for each in (await board.listed()).coming if each.meeting_id == meeting_id]

    assert (2, "planned") == (changed.version, changed.state)
    assert (90, "Room 2", "Chris", 2) == (shown.minutes, shown.place, shown.chair, shown.version)
    cases = {
        ("conflict", 2): changing(meeting_id, 1),
        ("already_planned", None): changing(other, 1),
        ("past", None): changing(other, 1, starts_at=board.clock.now),
        ("not_planned", None): changing(begun, 2),
        ("not_found", None): changing(new_id(), 1),
    }
    told = [await board.rig.refusal(board.visitor, each) for each in cases.values()]
    assert list(cases) == [(code, details.get("version")) for code, details in told]


async def test_the_place_of_a_meeting_is_changed_after_its_time_as_well(board: Board) -> None:
    meeting_id = await board.plan(await board.series(), 0.1)
    (shown,) = (await board.listed()).coming
    board.clock.pass_days(0.2)

    await board.rig.ask(board.visitor, changing(meeting_id, 1, starts_at=shown.starts_at))

    assert "Room 2" == (await board.listed()).coming[0].place


async def test_a_meeting_has_the_chair_of_its_series_until_it_has_one_of_its_own(board: Board) -> None:
    series_id = await board.series()
    same, own = await board.plan(series_id, 7), await board.plan(series_id, 8)
    at = {each.meeting_id: each.starts_at for each in (await board.listed()).coming}
    await board.rig.ask(board.visitor, changing(same, 1, starts_at=at[same], chair="Carol Chair"))
    await board.rig.ask(board.visitor, changing(own, 1, starts_at=at[own], chair=""))

    await board.series(series_id=series_id, version=1, chair="Sue Chair")

    assert ["Sue Chair", ""] == [each.chair for each in (await board.listed()).coming]


@pytest.mark.requirement("R-MEET-001")
async def test_a_meeting_that_is_over_keeps_the_name_area_and_services_that_it_had(board: Board) -> None:
    series_id = await board.series(services=["Police"])
    held, cancelled = await board.plan(series_id, 0.1), await board.plan(series_id, 3)
    await board.hold(held)
    receipt = await board.cancel(cancelled)

    await board.series(NORTH, series_id=series_id, version=1, name="Other", services=[], cut_off_days=9, chair="Sue")

    past = (await board.listed()).past
    assert (2, "cancelled") == (receipt.version, receipt.state)
    assert [(cancelled, "cancelled", "Nobody can come"), (held, "closed", "")] == [
        (each.meeting_id, each.state, each.cancelled_because) for each in past
    ]
    assert {("South area meeting", SOUTH, ("Police",), "Carol Chair")} == {
        (each.name, each.locality, each.services, each.chair) for each in past
    }
    assert ("Ada Minister", board.clock.now) == (past[1].closed_by, past[1].closed_at)
    assert [each.starts_at.date() for each in past] == [each.cut_off_at.date() for each in past]


async def test_what_is_not_planned_is_not_cancelled(board: Board) -> None:
    meeting_id = await board.plan(await board.series(), 0.1)

    def cancelling(version: int, of: object = meeting_id) -> CancelMeeting:
        return CancelMeeting.model_validate(
            {"command_id": new_id(), "meeting_id": of, "version": version, "reason": "Snow"}
        )

    refused = [await board.rig.refusal(board.visitor, each) for each in (cancelling(0), cancelling(1, new_id()))]
    await board.start(meeting_id)

    assert [("conflict", {"version": 1}), ("not_found", {})] == refused
    assert ("not_planned", {}) == await board.rig.refusal(board.visitor, cancelling(2))


async def test_meetings_are_listed_the_next_first_and_past_ones_in_pages(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "MOST_MEETINGS", 2)
    await board.person()
    red = await board.person("red")
    series_id = await board.series()
    past = []
    for _ in range(3):
        past.append(await board.plan(series_id, 0.1))
        await board.hold(past[-1], red)
        board.clock.pass_days(1)
    later, running = await board.plan(series_id, 9), await board.plan(series_id, 0.1)
    await board.start(running)

    pages = [await board.listed(skip=skip) for skip in (0, 2)]

    assert [running, later] == [each.meeting_id for each in pages[0].coming]
    assert [(past[:0:-1], True), (past[:1], False)] == [
        ([each.meeting_id for each in page.past], page.more) for page in pages
    ]
    assert [(2, 1), (2, 0)] == [(each.items, each.done) for each in (pages[1].past[0], pages[0].coming[0])]


async def test_a_register_without_meetings_plans_none(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    await board.person()
    series_id = await board.series()
    context = board.rig.context
    bare = context.latest(board.visitor).model_copy(update={"meetings": None})
    monkeypatch.setattr(type(context), "latest", lambda *_: bare)

    refused = [
        (await board.rig.refusal(board.visitor, each))[0]
        for each in (a_series(locality=NORTH), a_plan(series_id, board.clock.now + timedelta(days=1)))
    ]

    assert ["no_meetings"] * 2 == refused
    assert ((), {}) == ((await board.rig.ask(board.visitor, ListSeries())).unplaced, (await board.listed()).unplaced)


async def test_every_administrator_of_the_register_sees_its_meetings_and_nobody_else(board: Board) -> None:
    series_id = await board.series()
    await board.plan(series_id)
    code = board.visitor.register_code
    elsewhere = a_visitor(Role.ADMINISTRATOR, register_code=code)
    of_another_register = a_visitor(Role.ADMINISTRATOR, *board.visitor.organisation_ids)

    found = [await board.rig.ask(each, ListSeries()) for each in (elsewhere, of_another_register)]

    assert [series_id] == [each.series_id for each in found[0].series]
    assert series_id not in {each.series_id for each in found[1].series}
    assert 1 == len((await board.listed(elsewhere)).coming)
    for role in (Role.STANDARD, Role.REPORTING, Role.MASTER_ADMIN, None):
        visitor = colleague_of(board.visitor).model_copy(update={"role": role, "register_code": code})
        assert Fault.NOT_ALLOWED == await board.rig.fault(visitor, ListSeries())


async def test_a_meeting_of_another_register_is_as_unknown_as_none(board: Board) -> None:
    series_id = await board.series()
    meeting_id = await board.plan(series_id)
    stranger: Visitor = board.visitor.model_copy(update={"register_code": "dsr"})

    cases = (
        changing(meeting_id, 1),
        a_plan(series_id, board.clock.now + timedelta(days=1)),
        a_series(series_id=series_id, version=1),
    )

    assert ["not_found"] * 3 == [(await board.rig.refusal(stranger, each))[0] for each in cases]
    with pytest.raises(Refused, match="not_found"):
        await board.agenda(meeting_id, stranger)


AUDITED = "SELECT action FROM audit WHERE actor = $1 AND subjects[1] = ANY($2) ORDER BY id"


async def test_every_change_is_audited_with_ids(board: Board, owner: Owner) -> None:
    series_id = await board.series()
    first, second = await board.plan(series_id, 0.1), await board.plan(series_id, 5)
    at = {each.meeting_id: each.starts_at for each in (await board.listed()).coming}
    await board.rig.ask(board.visitor, changing(first, 1, starts_at=at[first]))
    await board.cancel(second)
    await board.hold(first)

    rows = await owner.rows(AUDITED, board.visitor.user_id, [series_id, first, second])

    wanted = ["series.saved", "meeting.planned", "meeting.planned", "meeting.changed", "meeting.cancelled"]
    assert [*wanted, "meeting.started", "meeting.closed"] == [row["action"] for row in rows]

"""The rules of meetings: the cut-off when clocks change, areas and their next meeting, and missing services."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.outcomes.meeting_rules import AreaSeries, MeetingPlan, PlannedMeeting, cut_off, day_start, missing
from shared.contracts.meetings import Attendee

MICROSECOND = timedelta(microseconds=1)
TODAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WHOLE, SOUTH, NORTH = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.mark.requirement("R-MEET-001")
@pytest.mark.parametrize(
    ("starts_at", "days", "next_day"),
    [
        ("2026-10-26T10:00+00:00", 0, "2026-10-27T00:00+00:00"),
        ("2026-10-26T10:00+00:00", 1, "2026-10-26T00:00+00:00"),  # the clocks went back on that day
        ("2026-10-26T10:00+00:00", 2, "2026-10-24T23:00+00:00"),
        ("2026-10-25T00:30+00:00", 0, "2026-10-26T00:00+00:00"),
        ("2026-10-24T23:30+00:00", 0, "2026-10-26T00:00+00:00"),  # 00:30 on the 25th in London
        ("2026-03-30T09:00+00:00", 1, "2026-03-29T23:00+00:00"),  # and forward
        ("2026-03-30T09:00+00:00", 2, "2026-03-29T00:00+00:00"),
        ("2026-06-01T23:30+00:00", 0, "2026-06-02T23:00+00:00"),
        ("2027-01-02T09:00+00:00", 30, "2026-12-04T00:00+00:00"),
    ],
)
def test_the_cut_off_is_the_last_moment_of_a_day_in_london(starts_at: str, days: int, next_day: str) -> None:
    found = cut_off(datetime.fromisoformat(starts_at), days)

    assert datetime.fromisoformat(next_day) == found + MICROSECOND
    assert timedelta() == found.utcoffset()


def a_plan(*meetings: tuple[UUID, float], ended: UUID | None = None) -> MeetingPlan:
    """Return a plan with meetings of these series, so many days from noon."""
    localities = {WHOLE: None, SOUTH: "south", NORTH: "north"}
    series = [AreaSeries(each, area, 2, each != ended) for each, area in localities.items()]
    planned = [
        PlannedMeeting(UUID(int=100 + place), series_id, NOON + timedelta(days=days))
        for place, (series_id, days) in enumerate(meetings)
    ]
    return MeetingPlan("dsr", series, planned)


@pytest.mark.requirement("R-MEET-002")
def test_the_next_meeting_of_an_area_takes_from_the_beginning_and_each_later_one_from_the_cut_off_before() -> None:
    plan = a_plan((SOUTH, 14), (SOUTH, 7), (NORTH, 1))

    second, first, north = [plan.agenda(each, TODAY) for each in plan.planned]

    assert (None, cut_off(NOON + timedelta(days=7), 2)) == (first.after, first.cut_off)
    assert (first.cut_off, cut_off(NOON + timedelta(days=14), 2)) == (second.after, second.cut_off)
    assert (None, "north", day_start(TODAY)) == (north.after, north.locality, north.today)


@pytest.mark.requirement("R-MEET-002")
def test_a_meeting_of_today_is_still_to_come_and_one_of_yesterday_takes_nobody_until_it_starts() -> None:
    plan = a_plan((SOUTH, -1), (SOUTH, -0.4))
    gone, today = plan.planned

    assert (None, None) == (plan.agenda(gone, TODAY).cut_off, plan.agenda(today, TODAY).after)
    assert cut_off(gone.starts_at, 2) == plan.agenda_at_start(gone, TODAY).cut_off


def test_the_series_of_the_whole_register_leaves_out_areas_with_an_active_series() -> None:
    plans = [a_plan((WHOLE, 1)), a_plan((WHOLE, 1), ended=NORTH), a_plan((SOUTH, 1), ended=WHOLE)]

    wanted = [each.agenda(each.planned[0], TODAY) for each in plans]

    assert [["south", "north"], ["south"]] == [each.others for each in wanted[:2]]
    assert [False, False, True] == [each.whole_is_free for each in wanted]


@pytest.mark.requirement("R-MEET-002")
def test_an_ended_series_has_no_meeting_to_come() -> None:
    plan = a_plan((SOUTH, 1), ended=SOUTH)

    assert None is plan.agenda(plan.planned[0], TODAY).cut_off
    assert None is plan.agenda_at_start(plan.planned[0], TODAY).cut_off
    assert ("south", "north", "west") == plan.without_meeting(("south", "north", "west"), TODAY)


@pytest.mark.requirement("R-MEET-001")
def test_a_locality_has_a_meeting_by_its_own_series_or_else_by_that_of_the_whole_register() -> None:
    localities = ("south", "north", "west")

    assert ("south", "north") == a_plan((WHOLE, 1)).without_meeting(localities, TODAY)
    assert ("north", "west") == a_plan((SOUTH, 0)).without_meeting(localities, TODAY)
    assert () == a_plan((SOUTH, 1), (NORTH, 1), (WHOLE, 1)).without_meeting(localities, TODAY)
    assert localities == a_plan((SOUTH, -1)).without_meeting(localities, TODAY)


@pytest.mark.requirement("R-MEET-008")
def test_a_service_is_missing_unless_somebody_of_it_is_present() -> None:
    attendance = [
        Attendee(service="POLICE", presence="present"),
        Attendee(service="Social care", presence="apologies"),
        Attendee(service="Housing", presence="absent"),
    ]

    assert ("Social care", "Café") == missing(["Police", "Social care", "Café"], attendance)
    assert ("Social care",) == missing(["Social care", "Café"], [Attendee(service="cafe")])

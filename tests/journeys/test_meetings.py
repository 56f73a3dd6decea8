"""A meeting over HTTP, from its series to its minutes and to the next agenda."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.journeys.browsing import JOURNEY
from tests.journeys.coming_in import logged_in
from tests.journeys.meeting import (
    SERIES,
    add_series,
    agenda_of,
    agenda_with,
    plan,
    plan_for_today,
    refer_in_the_north,
    row_of,
    take_minutes,
)
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name
from tests.walking import Sheet, Walker

pytestmark = JOURNEY

ADMINISTRATOR = "admin@mpft.nhs.uk"


@pytest.mark.requirement("R-MEET-001", "R-MEET-002", "R-MEET-006", "R-MEET-008", "R-MEET-014")
async def test_a_meeting_from_its_series_to_the_next_agenda(stack: Product) -> None:
    names = {risk: f"{a_new_name()}{risk.lower()}" for risk in ("Red", "Amber", "Green")}
    red, amber, green = names.values()
    async with logged_in(stack, ADMINISTRATOR) as hand:
        records = {name: await refer_in_the_north(hand, name, risk) for risk, name in names.items()}
        await given_a_series(hand)
        meeting = await plan_for_today(hand, SERIES, place="Room 4")
        assert "" == row_of(await agenda_with(hand, meeting, red, amber), green)

        await when_i_add_by_hand(hand, meeting, green)
        started = await hand.press(await hand.see(meeting), "Start the meeting")
        then_they_are_in_this_order(started, red, amber, green)
        assert "Added by hand" in row_of(started, green)
        noted = await when_i_note_who_attends(hand, meeting)
        assert "Required, but nobody is present: CAMHS" in noted.text

        await take_minutes(hand, f"{meeting}{records[red]}/", "The plan holds.", "No change")
        await take_minutes(hand, f"{meeting}{records[amber]}/", "Housing.", "Discuss again at the next meeting")
        closed = await when_i_close_it_without(hand, meeting, green)
        assert "The meeting is closed. Its minutes are final." == closed.notice
        await then_minutes_are_final_and_corrected_by_an_addendum(hand, meeting, records[red])
        pack = (await hand.see(f"{meeting}pack/")).text
        assert all(each in pack for each in (red, "The plan holds.", "Housing.", "PC Plod", "It was 3 May."))

        following = await plan(hand, SERIES, datetime.now(UTC) + timedelta(days=7))
        agenda = await agenda_with(hand, following, amber, green)
        assert "Carried over" in row_of(agenda, green)
        cancelled = await hand.press(await hand.see(f"{following}cancel/"), "Cancel the meeting", {"reason": "Snow"})
        assert "The meeting has been cancelled." == cancelled.notice


async def given_a_series(hand: Walker) -> None:
    saved = await add_series(hand, SERIES, chair="Ada Minister", services="Police\nCAMHS")
    assert "The series has been saved." == saved.notice
    taken = await add_series(hand, "Twice")
    assert ["Another series has this area already. Change that one, or choose another area."] == taken.problems


async def when_i_add_by_hand(hand: Walker, meeting: str, name: str) -> None:
    """Search for a person and add them; the second time they are on the agenda already."""
    for said in ("The person is on the agenda.", "This person is on the agenda already."):
        found = await hand.press(await hand.see(f"{meeting}add/"), "Search", {"search": name})
        assert said == (await hand.press(found, f"Add Robin {name}")).notice


def then_they_are_in_this_order(sheet: Sheet, *names: str) -> None:
    rows = agenda_of(sheet)
    places = [next(place for place, row in enumerate(rows) if name in row) for name in names]
    assert sorted(places) == places


async def when_i_note_who_attends(hand: Walker, meeting: str) -> Sheet:
    form = await hand.see(f"{meeting}attendance/")
    wrong = await hand.press(form, "Save", {"name-2": "Nobody's service"})
    assert ["Enter the service that Nobody's service came for"] == wrong.problems
    return await hand.press(form, "Save", {"name-0": "PC Plod", "presence-0": "present"})


async def when_i_close_it_without(hand: Walker, meeting: str, left: str) -> Sheet:
    closing = await hand.see(f"{meeting}close/")
    assert left in closing.text
    return await hand.press(closing, "Yes, close the meeting")


async def then_minutes_are_final_and_corrected_by_an_addendum(hand: Walker, meeting: str, record: str) -> None:
    person = await hand.see(f"{meeting}{record}/")
    assert "Save and next" not in person.text
    refused = await hand.press(person, "Add the addendum", {"addendum": " "})
    assert ["Enter what corrects the minutes"] == refused.problems
    corrected = await hand.press(person, "Add the addendum", {"addendum": "It was 3 May."})
    assert "The addendum has been added." == corrected.notice


async def test_what_cannot_be_planned_is_said_with_what_to_do(stack: Product) -> None:
    async with logged_in(stack, ADMINISTRATOR) as hand:
        form = await hand.see(hand.at("meetings/new"))
        empty = await hand.press(form, "Save")
        assert empty.status == 422
        assert "Enter the date of the meeting" in empty.problems
        assert "Enter the start time with hours and minutes, like 14:00" in empty.problems
        spring = {"date-day": "28", "date-month": "3", "date-year": "2027", "time": "01:30"}
        assert "On this day the clocks go forward" in " ".join((await hand.press(form, "Save", spring)).problems)
        unknown = await hand.get(hand.at(f"meetings/{'0' * 32}/"))
        assert 404 == unknown.status


async def test_who_records_no_outcomes_has_no_meetings(stack: Product) -> None:
    async with logged_in(stack, "standard@mpft.nhs.uk") as hand:
        assert 403 == (await hand.get(hand.at("meetings/"))).status
        assert "Meetings" not in (await hand.see(hand.at("home/"))).text

"""Tests of a meeting's own pages: its agenda, start and close, people added by hand, attendance, and print pack."""

from uuid import UUID

import pytest

from shared.contracts.meetings import (
    AddItem,
    Attendee,
    CloseMeeting,
    ReadPack,
    RemoveItem,
    SaveAttendance,
    StartMeeting,
)
from shared.contracts.referrals.listing import ListRecords
from shared.contracts.referrals.naming import NameRecords
from shared.contracts.referrals.saving import Conflict
from shared.messages import Fault, NotAnswered, Refused
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.filled import fields
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_meetings import MEETING_ID, SINCE, StandInMeetings, a_meeting, an_item, saved
from tests.gateway.test_meeting_pages import rows, typed

HERE = f"/dsr/meetings/{MEETING_ID.hex}/"


@pytest.fixture
def meetings() -> StandInMeetings:
    return StandInMeetings()


@pytest.fixture
async def browser(open_gateway: OpenGateway, identity: StandInIdentity, meetings: StandInMeetings) -> Browser:
    return await open_gateway(identity, meetings)


# -------------------------------------------------------------------------------------------------------------- agenda
@pytest.mark.requirement("R-MEET-006")
async def test_the_agenda_says_who_why_since_when_and_what_is_known(browser: Browser) -> None:
    page = await browser.see(HERE)

    first = rows(page)[0]
    assert ["1", "Wendy White 07/02/2001 Red DSR-7KQ2-M9X1"] == first[:2]
    assert first[2].startswith("Rated as urgent Since 04/05/2026, ")
    assert "Seen at home." == first[3]
    assert ["Rated as urgent", "Rated for the meeting", "Added by hand"] == [
        row[2].partition(" Since")[0] for row in rows(page)
    ]
    assert f"{HERE}people/{UUID(int=1).hex}/" in [str(a["href"]) for a in page.tree.select("tbody a")]


async def test_without_names_the_agenda_shows_references(browser: Browser, meetings: StandInMeetings) -> None:
    meetings.failing[NameRecords] = NotAnswered(Fault.UNAVAILABLE)

    page = await browser.see(HERE)

    assert "DSR-7KQ2-M9X1" == rows(page)[0][1]
    assert "Names cannot be shown at the moment. Use the references to open the referrals." in page.texts(
        ".nhsuk-notification-banner__heading"
    )


async def test_a_meeting_is_started_once_however_often_the_button_is_pressed(
    browser: Browser, meetings: StandInMeetings
) -> None:
    page = await browser.see(HERE)
    command = str(page.tree.select('form[action$="/start/"] input[name=command]')[0]["value"])

    where = [await browser.go_on(f"{HERE}start/", {"command": command}) for _ in range(2)]

    assert [f"{HERE}?notice=started"] * 2 == where
    assert 1 == len({each.command_id for each in meetings.heard(StartMeeting)})


async def test_a_meeting_of_a_later_day_says_why_it_does_not_start(browser: Browser, meetings: StandInMeetings) -> None:
    meetings.failing[StartMeeting] = Refused("too_early")
    await browser.see(HERE)

    page = await browser.send(f"{HERE}start/", {"command": UUID(int=7).hex}, status=409)

    assert ["This meeting is planned for a later day. Change its date to start it today."] == page.problems


@pytest.mark.requirement("R-MEET-006")
async def test_closing_first_lists_who_is_not_done(browser: Browser, meetings: StandInMeetings) -> None:
    meetings.meeting = a_meeting(state="in_progress")
    meetings.items = (an_item(1, is_done=True, decision="No change"), an_item(2))

    page = await browser.see(f"{HERE}close/")
    where = await browser.go_on(f"{HERE}close/", fields(page))

    assert ["Joe <b>Bloggs 07/02/2001 Amber DSR-7KQ2-M9X2"] == [
        " ".join(each.get_text(" ").split()) for each in page.tree.select("main .nhsuk-list--border li")
    ]
    assert f"{HERE}?notice=closed_done" == where
    assert 1 == len(meetings.heard(CloseMeeting))


@pytest.mark.requirement("R-MEET-006")
async def test_a_person_is_added_by_hand_and_no_name_is_in_an_address(
    browser: Browser, meetings: StandInMeetings
) -> None:
    await browser.see(f"{HERE}add/")
    found = await browser.send(f"{HERE}add/", {"search": "Tester"}, status=200)
    button = found.tree.select_one("button[name=add]")
    assert button is not None
    where = await browser.go_on(f"{HERE}add/", {"search": "Tester", "add": str(button["value"])})

    assert ["Tester"] == [each.search for each in meetings.heard(ListRecords)]
    assert [UUID(int=9)] == [each.record_id for each in meetings.heard(AddItem)]
    assert f"{HERE}?notice=added" == where


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("on_agenda", "This person is already on the agenda."),
        ("archived", "This referral is archived. It can no longer be updated."),
        ("closed", "This meeting is over, so nothing was changed."),
    ],
)
async def test_who_cannot_be_added_is_said_with_the_search_still_there(
    browser: Browser, meetings: StandInMeetings, code: str, said: str
) -> None:
    meetings.failing[AddItem] = Refused(code)
    await browser.see(f"{HERE}add/")

    sent = {"search": "Tester", "add": f"{UUID(int=9).hex}-{UUID(int=8).hex}"}
    page = await browser.send(f"{HERE}add/", sent, status=409)

    assert said in page.problems[0]
    assert "Tester" == fields(page)["search"]


async def test_a_search_without_a_word_is_asked_again(browser: Browser) -> None:
    await browser.see(f"{HERE}add/")

    assert ["Enter a name or a reference"] == (await browser.send(f"{HERE}add/", {"search": " "})).problems


async def test_only_who_was_added_by_hand_can_be_removed(browser: Browser, meetings: StandInMeetings) -> None:
    page = await browser.see(HERE)
    (button,) = page.tree.select("button[name=remove]")

    assert f"{HERE}?notice=removed" == await browser.go_on(f"{HERE}remove/", {"remove": str(button["value"])})
    assert [UUID(int=3)] == [each.record_id for each in meetings.heard(RemoveItem)]


@pytest.mark.parametrize("sent", ["", "x", f"{UUID(int=1).hex}", f"{UUID(int=1).hex}-x"])
async def test_a_removal_that_our_page_never_sends_is_refused(browser: Browser, sent: str) -> None:
    await browser.see(HERE)

    await browser.send(f"{HERE}remove/", {"remove": sent}, status=400)


# ---------------------------------------------------------------------------------------------------------- attendance
@pytest.mark.requirement("R-MEET-008")
async def test_attendance_has_a_row_for_each_required_service(browser: Browser, meetings: StandInMeetings) -> None:
    meetings.meeting = a_meeting(state="in_progress")
    meetings.attendance = (Attendee(service="Social care", name="Sam"),)
    meetings.missing = ("Learning disability team",)
    sent = await typed(browser, f"{HERE}attendance/", service_3="Housing", name_3="Hal", presence_3="apologies")

    await browser.go_on(f"{HERE}attendance/", sent)

    (asked,) = meetings.heard(SaveAttendance)
    assert [
        ("Social care", "Sam", "present"),
        ("Learning disability team", "", "absent"),
        ("Housing", "Hal", "apologies"),
    ] == [(each.service, each.name, each.presence) for each in asked.attendance]
    assert "Not represented: Learning disability team" in (await browser.see(HERE)).texts("main strong")


async def test_a_name_without_a_service_is_asked_for_the_service(browser: Browser, meetings: StandInMeetings) -> None:
    meetings.meeting = a_meeting(state="in_progress")

    page = await browser.send(f"{HERE}attendance/", await typed(browser, f"{HERE}attendance/", name_2="Hal"))

    assert ["Enter the service that this person represents"] == page.problems
    assert "Hal" == fields(page)["name_2"]


async def test_an_attendance_that_came_second_shows_what_is_saved_and_keeps_what_was_typed(
    browser: Browser, meetings: StandInMeetings
) -> None:
    meetings.meeting = a_meeting(state="in_progress")
    sent = await typed(browser, f"{HERE}attendance/", name_0="Mine")
    meetings.attendance = (Attendee(service="Social care", name="Theirs"),)
    meetings.failing[SaveAttendance] = Refused(Conflict(version=2))

    page = await browser.send(f"{HERE}attendance/", sent, status=409)

    assert ["Theirs Present"] == page.texts(".nhsuk-summary-list dd")
    assert "Mine" == fields(page)["name_0"]


# ---------------------------------------------------------------------------------------------------------- print pack
@pytest.mark.requirement("R-MEET-014")
async def test_the_pack_has_every_persons_minutes_and_addenda_read_to_its_end(
    browser: Browser, meetings: StandInMeetings
) -> None:
    addendum = {"text": "The tool is of May.", "added_by": "Ada Minister", "added_at": SINCE}
    meetings.meeting, meetings.packed = a_meeting(state="closed"), 2
    meetings.minutes = {1: saved(1, is_done=True, addenda=(addendum,))}

    page = await browser.see(f"{HERE}pack/")

    assert [0, 2] == [each.skip for each in meetings.heard(ReadPack)]
    assert ["1. Wendy White", "2. Joe <b>Bloggs", "3. Gordon Green"] == page.texts(".ics-section h2")
    assert ["Theirs."] == page.texts(".ics-section .nhsuk-summary-list dd")
    assert ["The tool is of May."] == page.texts(".ics-note p.ics-note__text")


async def test_the_pack_leaves_out_in_whom_an_interest_was_declared(
    browser: Browser, meetings: StandInMeetings
) -> None:
    meetings.items = (an_item(1, interest=True),)

    page = await browser.see(f"{HERE}pack/")

    assert "You have declared an interest" in page.texts(".ics-section p")

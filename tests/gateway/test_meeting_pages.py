"""Tests of planning meetings: their list, series, dates, agenda, attendance, invitation and print pack."""

from datetime import UTC, datetime, time
from uuid import UUID

import pytest

from gateway.pages.meetings.planning_form import read_time
from shared.contracts.meetings import (
    AddItem,
    Attendee,
    CancelMeeting,
    ChangeMeeting,
    CloseMeeting,
    PlanMeeting,
    ReadPack,
    RemoveItem,
    SaveAttendance,
    SaveSeries,
    StartMeeting,
)
from shared.contracts.referrals.listing import ListRecords
from shared.contracts.referrals.naming import NameRecords
from shared.contracts.referrals.saving import Conflict
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers, load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.filled import fields
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_meetings import (
    MEETING_ID,
    PEOPLE,
    SERIES_ID,
    SINCE,
    StandInMeetings,
    a_meeting,
    a_series,
    an_item,
    saved,
)
from tests.gateway.visit import Page

LIST, SERIES, PLAN = "/dsr/meetings/", "/dsr/meetings/series/", "/dsr/meetings/plan/"
HERE, ONE_SERIES = f"{LIST}{MEETING_ID.hex}/", f"{SERIES}{SERIES_ID.hex}/"
LATER = {"day-day": "3", "day-month": "6", "day-year": "2030", "time": "2pm", "minutes": "90", "place": "Room 4"}
PLANNED = {"series": SERIES_ID.hex, **LATER}


@pytest.fixture
def meetings() -> StandInMeetings:
    return StandInMeetings()


@pytest.fixture
async def browser(open_gateway: OpenGateway, identity: StandInIdentity, meetings: StandInMeetings) -> Browser:
    """A browser of a logged-in user: an administrator unless the test changes the role first."""
    return await open_gateway(identity, meetings, registers=_registers())


def _registers() -> Registers:
    """Return two registers: the DSR, and one that does not meet."""
    dsr = load_registers().find("dsr")
    named = dsr.identity.model_copy(update={"code": "bare"})
    bare = dsr.model_copy(update={"identity": named, "meetings": None})
    return Registers([LoadedRegister(definition, sha256="") for definition in (dsr, bare)])


def rows(page: Page) -> list[list[str]]:
    """Return the text of each cell of each row, without the headings that phones show."""
    for heading in page.tree.select(".nhsuk-table__heading"):
        heading.extract()
    return [
        [" ".join(cell.get_text(" ").split()) for cell in row.select("th, td")] for row in page.tree.select("tbody tr")
    ]


async def typed(browser: Browser, path: str, **changes: str) -> dict[str, str]:
    """Return what the form of the page sends with these changes."""
    return fields(await browser.see(path)) | changes


# ------------------------------------------------------------------------------------------------------------ the list
@pytest.mark.requirement("R-MEET-001")
async def test_the_list_shows_when_for_which_area_who_chairs_and_how_many(browser: Browser) -> None:
    page = await browser.see(LIST)

    assert [
        [
            "03/06/2030 at 14:00–15:30",
            "South tracking meeting South Staffordshire",
            "Room 4; north, first floor",
            "Cherry Chair",
            "3",
            "Planned",
        ]
    ] == rows(page)
    assert [HERE] == [str(each["href"]) for each in page.tree.select("tbody a")]


@pytest.mark.requirement("R-MEET-002")
async def test_people_without_a_coming_meeting_stand_by_area_with_what_to_do(
    browser: Browser, meetings: StandInMeetings
) -> None:
    meetings.is_empty, meetings.unplaced = True, {"south_staffordshire": 2, "": 1}

    page = await browser.see(LIST)

    assert [
        "No locality: 1 waiting. Add a series No locality",
        "South Staffordshire: 2 waiting. Plan a meeting South Staffordshire",
    ] == page.texts("section[aria-labelledby=unplaced] li")
    assert f"{PLAN}?series={SERIES_ID.hex}" in [str(a["href"]) for a in page.tree.select("section li a")]


async def test_a_new_team_is_led_to_its_first_series(browser: Browser, meetings: StandInMeetings) -> None:
    meetings.series, meetings.is_empty = (), True

    page = await browser.see(LIST)

    assert [f"{SERIES}new/"] == [str(each["href"]) for each in page.tree.select("main .nhsuk-button")]
    assert 3 == len(page.texts("ol li"))


async def test_past_meetings_come_by_page(browser: Browser, meetings: StandInMeetings) -> None:
    meetings.past = (a_meeting(state="closed", done=2),)

    page = await browser.see(f"{LIST}?skip=20")

    assert [f"{LIST}?skip=0#past", f"{LIST}?skip=40#past"] == [
        str(a["href"]) for a in page.tree.select(".ics-work__steps a")
    ]
    assert ["3 on the agenda, 2 done", "Closed"] == rows(page)[-1][-2:]


@pytest.mark.parametrize("path", ["", "series/", "plan/", f"{MEETING_ID.hex}/", f"{MEETING_ID.hex}/pack/"])
async def test_a_register_that_does_not_meet_has_no_such_pages_and_no_link(browser: Browser, path: str) -> None:
    await browser.see(f"/bare/meetings/{path}", status=404)
    home = await browser.see("/bare/home/")

    assert [] == home.tree.select('a[href*="/meetings/"]')


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING])
async def test_only_the_team_sees_meetings(
    open_gateway: OpenGateway, identity: StandInIdentity, meetings: StandInMeetings, role: Role
) -> None:
    identity.role = role
    browser = await open_gateway(identity, meetings)

    await browser.see(LIST, status=403)


async def test_home_names_the_next_meeting_and_counts_who_waits_for_none(
    browser: Browser, meetings: StandInMeetings
) -> None:
    meetings.unplaced = {"north_staffordshire_stoke": 2}

    page = await browser.see("/dsr/home/")

    cards = page.texts("main a")
    assert "Next meeting: South tracking meeting, 03/06/2030 at 14:00" in cards
    assert "Waiting for a meeting, none planned: 2" in cards


# -------------------------------------------------------------------------------------------------------------- series
@pytest.mark.requirement("R-MEET-001")
async def test_a_series_is_added_with_its_services_one_a_line(browser: Browser, meetings: StandInMeetings) -> None:
    sent = await typed(browser, f"{SERIES}new/", name="North", locality="north_staffordshire_stoke", chair="Cherry")

    where = await browser.go_on(f"{SERIES}new/", sent | {"services": "GP\n\n Social care ", "cut_off_days": "2"})

    (asked,) = meetings.heard(SaveSeries)
    assert f"{SERIES}?notice=saved" == where
    assert ("North", "north_staffordshire_stoke", ("GP", "Social care"), 2, True, None) == (
        asked.name,
        asked.locality,
        asked.services,
        asked.cut_off_days,
        asked.is_active,
        asked.series_id,
    )


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": ""}, "Enter the name of the series"),
        ({"name": "n" * 101}, "Name of the series must be 100 characters or fewer. You typed 101."),
        ({"cut_off_days": "31"}, "The cut-off must be a whole number from 0 to 30"),
        ({"cut_off_days": "two"}, "The cut-off must be a whole number from 0 to 30"),
        ({"locality": "nowhere"}, "Choose one of the areas offered"),
        ({"services": "\n".join(str(each) for each in range(31))}, "Enter 30 services or fewer"),
        (
            {"services": "s" * 101},
            "Services that must be represented must be 100 characters or fewer. You typed 101.",
        ),
    ],
)
async def test_a_faulty_series_is_shown_again_with_what_is_wrong(
    browser: Browser, meetings: StandInMeetings, changes: dict[str, str], problem: str
) -> None:
    sent = await typed(browser, f"{SERIES}new/", name="North", chair="Cherry")

    page = await browser.send(f"{SERIES}new/", sent | changes)

    assert [problem] == page.problems
    assert ([], "Cherry") == (meetings.heard(SaveSeries), fields(page)["chair"])


async def test_a_series_that_someone_changed_shows_both_and_saves_over_only_when_sent_again(
    browser: Browser, meetings: StandInMeetings
) -> None:
    sent = await typed(browser, ONE_SERIES, chair="Mine")
    meetings.series = (a_series(version=4, chair="Theirs"),)
    meetings.failing[SaveSeries] = Refused(Conflict(version=4))

    page = await browser.send(ONE_SERIES, sent, status=409)

    assert "Theirs" in page.texts(".nhsuk-summary-list dd")
    assert ("Mine", "4") == (fields(page)["chair"], fields(page)["version"])


async def test_an_area_that_is_taken_is_said_at_the_area(browser: Browser, meetings: StandInMeetings) -> None:
    meetings.failing[SaveSeries] = Refused("locality_taken")

    page = await browser.send(f"{SERIES}new/", await typed(browser, f"{SERIES}new/", name="North"), status=409)

    assert ["Another series already meets for this area. Change that one, or choose another area."] == page.problems


async def test_a_series_stops_meeting(browser: Browser, meetings: StandInMeetings) -> None:
    await browser.go_on(ONE_SERIES, await typed(browser, ONE_SERIES, active="no"))

    (asked,) = meetings.heard(SaveSeries)
    assert (SERIES_ID, 3, False) == (asked.series_id, asked.version, asked.is_active)


async def test_a_series_of_nobody_is_not_found(browser: Browser) -> None:
    await browser.see(f"{SERIES}{UUID(int=99).hex}/", status=404)


# ------------------------------------------------------------------------------------------------------------ planning
@pytest.mark.requirement("R-MEET-001")
async def test_a_meeting_is_planned_in_london_time(browser: Browser, meetings: StandInMeetings) -> None:
    page = await browser.see(PLAN)
    where = await browser.go_on(PLAN, fields(page) | PLANNED)

    (asked,) = meetings.heard(PlanMeeting)
    assert f"{HERE}?notice=planned" == where
    assert (datetime(2030, 6, 3, 13, tzinfo=UTC), 90, "Room 4") == (asked.starts_at, asked.minutes, asked.place)


@pytest.mark.parametrize(
    ("said", "clock"),
    [("14:00", time(14)), ("9.30", time(9, 30)), ("2pm", time(14)), ("12am", time()), ("12:15 PM", time(12, 15))],
)
def test_a_time_is_read_as_people_write_it(said: str, clock: time) -> None:
    assert clock == read_time(said)


@pytest.mark.parametrize("said", ["", "14", "24:00", "2:60", "13pm", "0am", "noon", "\u0661\u0662:00"])
def test_what_is_no_time_is_not_read(said: str) -> None:
    assert read_time(said) is None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"series": ""}, "Choose a series"),
        ({"day-day": "", "day-month": "", "day-year": ""}, "Enter the date of the meeting"),
        ({"day-day": "31"}, "Date must be a real date, like 17/06/2022"),
        ({"day-year": "9999"}, "The date is too far ahead. Check the year."),
        ({"time": ""}, "Enter the time at which the meeting begins"),
        ({"time": "14"}, "The time must be a time of day, like 14:00 or 2pm"),
        ({"minutes": "5"}, "The length must be a whole number of minutes from 15 to 480"),
        ({"place": "p" * 201}, "Place must be 200 characters or fewer. You typed 201."),
    ],
)
async def test_a_faulty_plan_is_shown_again_with_what_is_wrong(
    browser: Browser, meetings: StandInMeetings, changes: dict[str, str], problem: str
) -> None:
    page = await browser.send(PLAN, fields(await browser.see(PLAN)) | PLANNED | changes)

    assert [problem] == page.problems
    assert [] == meetings.heard(PlanMeeting)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("past", "The meeting must begin in the future"),
        ("already_planned", "This series already meets on that day"),
        ("ended", "This series has stopped. Choose another, or set it to meet again."),
    ],
)
async def test_a_plan_that_is_refused_keeps_what_was_typed(
    browser: Browser, meetings: StandInMeetings, code: str, problem: str
) -> None:
    meetings.failing[PlanMeeting] = Refused(code)

    page = await browser.send(PLAN, fields(await browser.see(PLAN)) | PLANNED, status=409)

    assert ([problem], "2pm") == (page.problems, fields(page)["time"])


async def test_without_a_series_the_plan_leads_to_one(browser: Browser, meetings: StandInMeetings) -> None:
    meetings.series = (a_series(is_active=False),)

    page = await browser.see(PLAN)

    assert [f"{SERIES}new/"] == [str(each["href"]) for each in page.tree.select("main .nhsuk-button")]


async def test_a_meeting_is_changed_from_what_was_read(browser: Browser, meetings: StandInMeetings) -> None:
    sent = await typed(browser, f"{HERE}change/", place="Room 5")
    await browser.go_on(f"{HERE}change/", sent)

    (asked,) = meetings.heard(ChangeMeeting)
    assert (5, "Room 5", "Cherry Chair", meetings.meeting.starts_at) == (
        asked.version,
        asked.place,
        asked.chair,
        asked.starts_at,
    )


async def test_a_change_that_came_second_shows_both(browser: Browser, meetings: StandInMeetings) -> None:
    sent = await typed(browser, f"{HERE}change/", place="Mine")
    meetings.meeting = a_meeting(version=6, place="Theirs")
    meetings.failing[ChangeMeeting] = Refused(Conflict(version=6))

    page = await browser.send(f"{HERE}change/", sent, status=409)

    assert "Theirs" in page.texts(".nhsuk-summary-list dd")
    assert ("Mine", "6") == (fields(page)["place"], fields(page)["version"])


async def test_a_meeting_is_cancelled_for_a_reason(browser: Browser, meetings: StandInMeetings) -> None:
    sent = await typed(browser, f"{HERE}cancel/")
    page = await browser.send(f"{HERE}cancel/", sent)
    where = await browser.go_on(f"{HERE}cancel/", sent | {"reason": "The room is flooded"})

    (asked,) = meetings.heard(CancelMeeting)
    assert ["Say why the meeting is cancelled"] == page.problems
    assert (f"{LIST}?notice=cancelled", "The room is flooded", 5) == (where, asked.reason, asked.version)


# ---------------------------------------------------------------------------------------------------------- invitation
@pytest.mark.requirement("R-MEET-007")
async def test_the_invitation_is_an_event_without_anyone_of_the_agenda(
    browser: Browser, meetings: StandInMeetings
) -> None:
    response = await browser.client.get(f"{HERE}invitation/")
    text = (await response.read()).decode()
    unfolded = text.replace("\r\n ", "").split("\r\n")

    assert ("text/calendar", 'attachment; filename="meeting.ics"') == (
        response.content_type,
        response.headers["Content-Disposition"],
    )
    assert {"DTSTART:20300603T130000Z", "DTEND:20300603T143000Z", "SEQUENCE:5"} <= set(unfolded)
    assert "LOCATION:Room 4\\; north\\, first floor" in unfolded
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert [] == [each for each in (*PEOPLE.values(), "DSR-7KQ2", "Chair") if each in text]
    assert [] == meetings.heard(NameRecords)


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
    command = str(page.tree.select_one('form[action$="/start/"] input[name=command]')["value"])  # type: ignore[index]

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

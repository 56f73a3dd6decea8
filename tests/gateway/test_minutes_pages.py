"""Tests of one person at a meeting: the minutes, drafts, the review, two users at once, interests, and present mode."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from bs4 import Tag

from shared.clock import london_today
from shared.contracts.actions import ListRecordActions
from shared.contracts.meetings import AddAddendum, DeclareInterest, SaveMinutes
from shared.contracts.referrals.answers import InvalidAnswers
from shared.contracts.referrals.reading import ReadRecord
from shared.contracts.referrals.saving import Conflict, ReviewRecord
from shared.messages import Fault, NotAnswered, Refused
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.filled import fields
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_meetings import MEETING_ID, StandInMeetings, a_meeting, an_item, saved, the_minutes
from tests.gateway.visit import Page

MEETING = f"/dsr/meetings/{MEETING_ID.hex}/"
ITEM, NEXT = (f"{MEETING}people/{UUID(int=number).hex}/" for number in (2, 3))
AGO = london_today() + timedelta(days=40)
AGREED = {"item_next_review-day": str(AGO.day), "item_next_review-month": str(AGO.month)}
AGREED |= {"item_next_review-year": str(AGO.year)}


@pytest.fixture
def meetings() -> StandInMeetings:
    return StandInMeetings(meeting=a_meeting(state="in_progress"))


@pytest.fixture
async def browser(open_gateway: OpenGateway, identity: StandInIdentity, meetings: StandInMeetings) -> Browser:
    return await open_gateway(identity, meetings)


async def opened(browser: Browser, **changes: str) -> dict[str, str]:
    """Return what the form of the second person sends with these changes. A ticked box is sent."""
    page = await browser.see(ITEM)
    return sent_by(page) | changes


def sent_by(page: Page) -> dict[str, str]:
    sent = fields(page)
    boxes = page.tree.select("main form input[type=checkbox]")
    for box in boxes:
        if not box.has_attr("checked"):
            sent.pop(str(box["name"]), None)
    return sent


async def drafted(browser: Browser, sent: dict[str, str]) -> dict[str, object]:
    """Save a draft as the script does, and return what it is told."""
    response = await browser.post(f"{ITEM}draft/", sent, headers={"X-Fragment": "draft"})
    told = json.loads(await response.text())
    assert isinstance(told, dict)
    return told


# ------------------------------------------------------------------------------------------------------------ the page
async def test_the_script_knows_that_a_draft_does_not_hold_the_rating(browser: Browser) -> None:
    page = await browser.see(ITEM)

    assert "item_rating" in {str(each["name"]) for each in page.tree.select("[data-not-in-draft] input")}
    assert [] == page.tree.select("[data-not-in-draft] textarea")


@pytest.mark.requirement("R-MEET-009")
async def test_the_page_has_who_it_is_the_rating_the_news_the_last_minutes_and_the_form(
    browser: Browser, meetings: StandInMeetings
) -> None:
    meetings.last = saved(2, answers={"discussion": "Said last time."}, is_done=True)

    page = await browser.see(ITEM)

    assert "Joe <b>Bloggs - 07/02/2001 (ST3 1TR)" == page.texts(".ics-identity__name")[0]
    assert page.texts(".ics-identity__mark")[0].startswith("Amber")
    assert "Seen at home." in page.texts(".ics-note__text")
    assert "Said last time." in page.texts("details dd")
    assert {"update", "discussion", "resources_agreed", "gap", "decision"} <= {
        str(each.get("name")) for each in page.named("textarea", "select")
    }
    assert "amber" == fields(page)["item_rating"]
    assert "Person 2 of 3" in page.texts(".ics-work__steps")[0]


async def test_one_press_leads_to_the_next_person_and_to_the_one_before(browser: Browser) -> None:
    page = await browser.see(ITEM)

    assert [f"{MEETING}people/{UUID(int=1).hex}/", NEXT] == [
        str(each["href"]) for each in page.tree.select(".ics-work__steps a")
    ]


async def test_no_name_is_in_the_title(browser: Browser) -> None:
    assert "Joe" not in (await browser.see(ITEM)).title


async def test_before_the_meeting_there_is_nothing_to_type(browser: Browser, meetings: StandInMeetings) -> None:
    meetings.meeting = a_meeting()

    page = await browser.see(ITEM)

    assert "This meeting has not started, so no minutes can be taken yet." in page.texts("main p")
    assert [] == page.tree.select("textarea")


async def test_who_cannot_open_the_record_any_more_still_sees_the_reference(
    browser: Browser, meetings: StandInMeetings
) -> None:
    meetings.failing[ReadRecord] = Refused("not_found")

    page = await browser.see(ITEM)

    assert ["DSR-7KQ2-M9X2"] == page.texts(".ics-identity__name")
    assert [] == page.tree.select("input[name=item_rating]")


# -------------------------------------------------------------------------------------------------------------- saving
@pytest.mark.requirement("R-MEET-009")
async def test_no_change_is_saved_as_decided_and_as_a_review_and_opens_the_next_person(
    browser: Browser, meetings: StandInMeetings
) -> None:
    where = await browser.go_on(ITEM, await opened(browser, decision="no_change", act="next"))

    (minutes,), (review,) = meetings.heard(SaveMinutes), meetings.heard(ReviewRecord)
    assert f"{NEXT}?notice=saved" == where
    assert ({"decision": "no_change"}, True, 0, "2022") == (
        minutes.answers,
        minutes.done,
        minutes.version,
        minutes.edition,
    )
    assert (UUID(int=2), 4, None, None) == (review.record_id, review.version, review.rating, review.next_review)


async def test_after_the_last_person_comes_the_agenda(browser: Browser) -> None:
    sent = sent_by(await browser.see(NEXT)) | {"decision": "no_change", "act": "next"}

    assert f"{MEETING}?notice=all_done" == await browser.go_on(NEXT, sent)


async def test_another_rating_and_a_day_go_to_the_record(browser: Browser, meetings: StandInMeetings) -> None:
    sent = await opened(browser, decision="plan_changed", item_rating="red", act="save", **AGREED)

    assert f"{ITEM}?notice=saved" == await browser.go_on(ITEM, sent)
    (review,) = meetings.heard(ReviewRecord)
    assert ("red", AGO) == (review.rating, review.next_review)


async def test_what_is_no_review_is_not_recorded_as_one(browser: Browser, meetings: StandInMeetings) -> None:
    sent = await opened(browser, decision="no_change", act="save")
    del sent["item_reviewed"]
    await browser.go_on(ITEM, sent)

    assert (1, []) == (len(meetings.heard(SaveMinutes)), meetings.heard(ReviewRecord))


async def test_minutes_that_are_done_are_not_reviewed_again_by_another_save(
    browser: Browser, meetings: StandInMeetings
) -> None:
    meetings.minutes = {2: saved(2, is_done=True, answers={"decision": "no_change"})}

    await browser.go_on(ITEM, await opened(browser, act="save", discussion="More."))

    assert (2, []) == (meetings.heard(SaveMinutes)[0].version, meetings.heard(ReviewRecord))


async def test_a_double_press_saves_and_reviews_under_one_command_each(
    browser: Browser, meetings: StandInMeetings
) -> None:
    sent = await opened(browser, decision="no_change", act="next")

    await browser.go_on(ITEM, sent)
    await browser.go_on(ITEM, sent)

    for kind in (SaveMinutes, ReviewRecord):
        assert 1 == len({each.command_id for each in meetings.commands if isinstance(each, kind)})


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, "Choose what was decided"),
        ({"decision": "no_change", "item_next_review-day": "3"}, "Next review must be a real date, like 17/06/2022"),
        (
            {
                "decision": "no_change",
                "item_next_review-day": "3",
                "item_next_review-month": "5",
                "item_next_review-year": "2020",
            },
            "The next review must be in the future",
        ),
    ],
)
async def test_faults_are_shown_with_everything_that_was_typed_and_nothing_is_saved(
    browser: Browser, meetings: StandInMeetings, changes: dict[str, str], problem: str
) -> None:
    page = await browser.send(ITEM, await opened(browser, discussion="Typed.", act="next", **changes))

    assert [problem] == page.problems
    assert ([], "Typed.") == (meetings.commands, fields(page)["discussion"])


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("conflict", "Someone has changed the referral since you opened this page. Check the rating, and save again."),
        ("archived", "The referral has ended or has moved."),
        ("not_yours", "You cannot change the rating here, because you may not update this referral."),
        ("invalid_answers", "The rating or the day was not accepted. Check them, and save again."),
    ],
)
async def test_a_refused_review_says_that_the_minutes_are_saved_and_the_rating_is_not(
    browser: Browser, meetings: StandInMeetings, code: str, why: str
) -> None:
    refusals = {"conflict": Refused(Conflict(version=5)), "invalid_answers": Refused(InvalidAnswers(faults=1))}
    meetings.failing[ReviewRecord] = refusals.get(code) or Refused(code)
    sent = await opened(browser, decision="no_change", item_rating="red", act="next")
    meetings.record_changes = {"version": 5}

    page = await browser.send(ITEM, sent, status=409)

    assert [f"The minutes have been saved, but the rating and the next review have not. {why}"] == page.problems
    again = fields(page)
    assert ("1", "5", "red") == (again["draft_version"], again["record_version"], again["item_rating"])


async def test_a_review_without_an_answer_is_sent_again_under_its_command(
    browser: Browser, meetings: StandInMeetings
) -> None:
    meetings.failing[ReviewRecord] = NotAnswered(Fault.TOO_LATE)
    sent = await opened(browser, decision="no_change", act="next")

    page = await browser.send(ITEM, sent, status=503)

    assert page.problems[0].startswith("The minutes have been saved, but the rating and the next review have not.")
    assert (sent["command"], "4") == (fields(page)["command"], fields(page)["record_version"])


async def test_minutes_without_an_answer_keep_what_was_typed_and_review_nothing(
    browser: Browser, meetings: StandInMeetings
) -> None:
    meetings.failing[SaveMinutes] = NotAnswered(Fault.UNAVAILABLE)

    page = await browser.send(
        ITEM, await opened(browser, decision="no_change", discussion="T.", act="next"), status=503
    )

    assert ("T.", []) == (fields(page)["discussion"], meetings.heard(ReviewRecord))


@pytest.mark.parametrize("code", ["closed", "not_found"])
async def test_what_was_typed_when_the_meeting_was_closed_is_shown_to_be_copied(
    browser: Browser, meetings: StandInMeetings, code: str
) -> None:
    meetings.failing[SaveMinutes] = Refused(code)

    page = await browser.send(
        ITEM, await opened(browser, decision="no_change", discussion="Typed.", act="next"), status=409
    )

    assert ("Your minutes have not been saved", "Typed.") == (page.heading, page.texts("dd")[0])


# -------------------------------------------------------------------------------------------------------------- drafts
@pytest.mark.requirement("R-MEET-009")
async def test_what_is_typed_is_saved_unchecked_and_the_script_learns_the_version(
    browser: Browser, meetings: StandInMeetings
) -> None:
    told = await drafted(browser, await opened(browser, discussion="Half a"))

    (asked,) = meetings.heard(SaveMinutes)
    assert ({"discussion": "Half a"}, False) == (asked.answers, asked.done)
    assert (True, "1", "Draft saved at 15:05") == (told["is_saved"], told["draft_version"], told["said"])
    assert UUID(hex=str(told["draft_save"])) != asked.command_id


async def test_a_draft_of_done_minutes_keeps_them_done_while_they_are_complete(
    browser: Browser, meetings: StandInMeetings
) -> None:
    meetings.minutes = {2: saved(2, is_done=True, answers={"decision": "no_change"})}

    await drafted(browser, await opened(browser, discussion="More"))
    await drafted(browser, await opened(browser, decision=""))

    assert [True, False] == [each.done for each in meetings.heard(SaveMinutes)]


async def test_the_button_for_a_draft_works_without_scripts(browser: Browser) -> None:
    assert f"{ITEM}?notice=draft" == await browser.go_on(f"{ITEM}draft/", await opened(browser, discussion="Half a"))


async def test_a_draft_without_an_answer_says_so_and_is_no_page_error(
    browser: Browser, meetings: StandInMeetings
) -> None:
    meetings.failing[SaveMinutes] = NotAnswered(Fault.UNAVAILABLE)

    told = await drafted(browser, await opened(browser, discussion="Half a"))

    assert (False, "") == (told["is_saved"], told["panel"])


# ---------------------------------------------------------------------------------------------------- two users at once
@pytest.mark.requirement("R-MEET-009")
async def test_two_users_minutes_are_both_shown_and_no_text_is_lost(
    browser: Browser, meetings: StandInMeetings
) -> None:
    sent = await opened(browser, decision="no_change", discussion="Mine.", act="next")
    meetings.minutes = {
        2: saved(2, answers={"discussion": "Theirs.", "resources_agreed": "A bed.", "decision": "cetr"})
    }

    page = await browser.send(ITEM, sent, status=409)

    again = fields(page)
    assert "Theirs.\n\nMine." == again["discussion"].replace("\r\n", "\n")
    assert ("A bed.", "no_change", "2") == (again["resources_agreed"], again["decision"], again["draft_version"])
    assert {"Theirs.", "A bed.", "C(E)TR to be requested"} <= set(page.texts("#draft-overtaken dd"))
    assert [] == meetings.heard(ReviewRecord)


async def test_a_draft_that_came_second_is_told_and_not_saved(browser: Browser, meetings: StandInMeetings) -> None:
    sent = await opened(browser, discussion="Mine.")
    meetings.minutes = {2: saved(2)}

    told = await drafted(browser, sent)

    assert (False, "Not saved: someone else has saved these minutes. Click Save to see both.") == (
        told["is_saved"],
        told["said"],
    )
    assert "Ada Minister saved this" in str(told["panel"])
    assert 1 == len(meetings.heard(SaveMinutes))


async def test_ones_own_save_whose_answer_was_lost_is_no_other_user(
    browser: Browser, identity: StandInIdentity, meetings: StandInMeetings
) -> None:
    sent = await opened(browser, discussion="Half a sentence, and the rest.")
    meetings.minutes = {2: saved(2, version=1, saved_by="Jayne Billings", answers={"discussion": "Half a sentence"})}

    told = await drafted(browser, sent)

    assert [0, 1] == [each.version for each in meetings.heard(SaveMinutes)]
    assert (True, "2") == (told["is_saved"], told["draft_version"])


# ------------------------------------------------------------------------------------------------ interests, afterwards
@pytest.mark.requirement("R-MEET-007")
async def test_an_interest_is_declared_after_a_question_and_shuts_the_item(
    browser: Browser, meetings: StandInMeetings
) -> None:
    page = await browser.see(f"{ITEM}interest/")
    assert f"{MEETING}?notice=interest_saved" == await browser.go_on(f"{ITEM}interest/", fields(page))
    meetings.items = (an_item(2, interest=True),)

    for path in (ITEM, f"{ITEM}present/"):
        shut = await browser.see(path, status=403)
        assert "Joe" not in shut.html
        assert "because you have declared an interest" in shut.texts("main p")[0]
    agenda = await browser.see(MEETING)
    assert [] == agenda.tree.select("tbody th a, tbody td:nth-of-type(2) a")
    assert [UUID(int=2)] == [each.record_id for each in meetings.heard(DeclareInterest)]


@pytest.mark.requirement("R-MEET-014")
async def test_final_minutes_are_read_and_corrected_by_an_addendum_alone(
    browser: Browser, meetings: StandInMeetings
) -> None:
    meetings.meeting = a_meeting(state="closed")
    meetings.minutes = {2: saved(2, is_done=True)}

    page = await browser.see(ITEM)
    faulty = await browser.send(f"{ITEM}addendum/", fields(page))
    where = await browser.go_on(f"{ITEM}addendum/", fields(page) | {"addendum": "It was in May."})

    assert ["addendum"] == [str(each["name"]) for each in page.named("textarea")]
    assert ["Enter the correction"] == faulty.problems
    assert (f"{ITEM}?notice=corrected", "It was in May.") == (where, meetings.heard(AddAddendum)[0].text)


async def test_an_addendum_that_is_too_long_or_refused_is_shown_again(
    browser: Browser, meetings: StandInMeetings
) -> None:
    meetings.meeting = a_meeting(state="closed")
    sent = fields(await browser.see(ITEM))

    long = await browser.send(f"{ITEM}addendum/", sent | {"addendum": "a" * 10_001})
    meetings.failing[AddAddendum] = Refused("too_many")
    full = await browser.send(f"{ITEM}addendum/", sent | {"addendum": "Typed."}, status=409)

    assert ["Addendum must be 10000 characters or fewer. You typed 10001."] == long.problems
    assert "Typed." == fields(full)["addendum"]


# -------------------------------------------------------------------------------------------------------- present mode
@pytest.mark.requirement("R-MEET-007")
async def test_present_mode_has_one_name_and_no_number(browser: Browser, meetings: StandInMeetings) -> None:
    meetings.minutes = {2: the_minutes(2, version=1, answers={"discussion": "Agreed."}, saved_by="Ada Minister")}

    page = await browser.see(f"{ITEM}present/")

    text = page.tree.get_text(" ")
    assert "Joe <b>Bloggs" == page.heading
    assert {"Seen at home.", "Agreed."} <= set(page.texts(".ics-present p"))
    for hidden in (
        "999 000 0018",
        "9990000018",
        "07/02/2001",
        "DSR-7KQ2",
        "ST3 1TR",
        "Jayne",
        "Ada",
        "Wendy",
        "Gordon",
    ):
        assert hidden not in text, hidden


async def test_present_mode_goes_by_place(browser: Browser) -> None:
    page = await browser.see(f"{ITEM}present/")

    steps = [str(each["href"]) for each in page.tree.select(".ics-work__steps a")]
    assert [f"{MEETING}people/{UUID(int=1).hex}/present/", f"{NEXT}present/"] == steps


async def test_the_item_asks_for_the_open_actions_of_its_record(browser: Browser, meetings: StandInMeetings) -> None:
    page = await browser.see(ITEM)

    link = page.tree.select_one('a[href*="/actions/?meeting="]')
    assert isinstance(link, Tag)
    assert str(link["href"]).endswith(f"?meeting={MEETING_ID.hex}")
    assert [] == meetings.heard(ListRecordActions)

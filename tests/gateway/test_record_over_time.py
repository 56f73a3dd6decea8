"""Tests of a record over time: its rating as a line, reviews, its history in words, and the text for a case record."""

from datetime import datetime, timedelta

import pytest

from gateway.keys import REGISTERS
from shared.contracts.outcomes import ListOutcomes
from shared.contracts.referrals.reading import (
    Act,
    FieldChange,
    History,
    Notes,
    Past,
    PastWanted,
    ReadPast,
    ReadRecord,
    RecordChange,
)
from shared.contracts.referrals.saving import Conflict, ReviewRecord
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from shared.registers.overlay import Adaptation, Overlay
from shared.values import LONDON
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.filled import fields
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_outcomes import RECORD_ID, WHEN, StandInOutcomes, an_outcome
from tests.gateway.stand_in_referrals import StandInReferrals
from tests.gateway.visit import Page

HERE = f"/dsr/records/{RECORD_ID.hex}/"
FORM = f"{HERE}change/"
YEAR = timedelta(days=365)
TEXT = f"{HERE}text/"
LONG = "First line,\nsecond line <b>& more</b>"
ANSWERS = {
    "capacity_to_consent": "yes",
    "consent_given": "yes",
    "consent_date": "2022-06-16",
    "first_name": "Tester",
    "last_name": "Three",
    "date_of_birth": "2001-02-07",
    "learning_disability_or_autism": "autism",
    "ethnicity": "A",
    "locality": "south_staffordshire",
    "lead_professional": "Jenny Harris",
    "risk_level": "red",
    "latest_update": LONG,
}


def a_change(version: int, *changes: tuple[str, str | None, str | None], act: Act = "updated") -> RecordChange:
    """Return a change made `version` days after the record was added."""
    fields = tuple(FieldChange(name=name, before=before, after=after) for name, before, after in changes)
    when = WHEN + timedelta(days=version)
    return RecordChange(version=version, act=act, changed_at=when, changed_by="Gail Thomas", changes=fields)


@pytest.fixture
def past() -> StandInReferrals:
    return StandInReferrals()


@pytest.fixture
def record() -> StandInOutcomes:
    return StandInOutcomes(answers=dict(ANSWERS))


@pytest.fixture
async def browser(
    open_gateway: OpenGateway, identity: StandInIdentity, record: StandInOutcomes, past: StandInReferrals
) -> Browser:
    return await open_gateway(identity, record, past)


# ------------------------------------------------------------------------------------------------------ the step line
async def test_the_line_steps_where_the_rating_changed_and_its_table_says_the_same(
    browser: Browser, past: StandInReferrals
) -> None:
    past.updates = (
        a_change(3, act="reviewed"),
        a_change(2, ("risk_level", "amber", "red"), ("first_name", "Test", "Tester")),
        a_change(1, ("risk_level", "green", "amber")),
    )

    page = await browser.see(HERE)

    assert ["Rating over time: Red since 19/06/2022."] == page.texts("svg[role=img] title")
    assert ["Red", "Amber", "Green"] == page.texts(".ics-line__level")
    heights = [step["y2"] for step in page.tree.select("line.ics-line__step") if step["y1"] == step["y2"]]
    assert ["80", "48", "16"] == heights
    assert 1 == len(page.tree.select(".ics-line__picture .ics-line__mark--open"))
    assert ["Reviewed, no change"] == page.texts(".ics-line__legend")
    assert ["Reviewed, no change", "Rated Red", "Rated Amber", "Rated Green"] == [
        cell.get_text().removeprefix("What happened ") for cell in page.tree.select(".ics-line tbody td:nth-child(2)")
    ]
    assert page.texts(".ics-line tbody td:nth-child(3)")[-1].endswith("Jayne Billings")


@pytest.mark.requirement("R-USE-013")
async def test_a_loaded_record_shows_the_days_of_the_file_and_when_it_was_loaded(
    browser: Browser, record: StandInOutcomes, past: StandInReferrals
) -> None:
    added, rated = datetime(2021, 3, 5, tzinfo=LONDON), datetime(2021, 9, 1, tzinfo=LONDON)
    record.changes, past.loaded = {"created_at": added}, (added, rated, WHEN)
    past.updates = (
        a_change(1, ("risk_level", "green", "red"), act="loaded").model_copy(update={"rated_at": rated + YEAR}),
    )

    page, text = await browser.see(HERE), await browser.see(TEXT)

    assert ["Rating over time: Red since 01/09/2022."] == page.texts("svg[role=img] title")
    assert ["01/09/2022", "01/09/2021"] == [
        cell.get_text().removeprefix("When ") for cell in page.tree.select(".ics-line tbody td:nth-child(1)")
    ]
    loaded = "Added 05/03/2021. Loaded from a spreadsheet by Jayne Billings, 17/06/2022 at"
    assert loaded in " ".join(page.texts("#history"))
    assert "Changed by a spreadsheet that Gail Thomas loaded, 18/06/2022 at" in " ".join(page.texts("#history"))
    assert loaded in " ".join(text.texts("main"))


async def test_administrators_see_outcomes_on_the_line_and_others_do_not(
    browser: Browser, identity: StandInIdentity, record: StandInOutcomes, past: StandInReferrals
) -> None:
    past.updates = (a_change(1, ("risk_level", "amber", "red")),)
    later = WHEN + timedelta(days=1)
    record.outcomes = (
        an_outcome(recorded_at=later),
        an_outcome(recorded_at=later, ending=True, reversed=True),
        an_outcome(recorded_at=later, counted=False),
    )
    seen = await browser.see(HERE)
    await browser.go_on("/dsr/logout")
    identity.role = Role.STANDARD
    browser.come_in(identity)

    page = await browser.see(HERE)

    assert ["Outcome recorded", "Outcome that archived the record, in error"] == seen.texts(".ics-line__legend")
    assert (2, 0) == tuple(len(each.tree.select(".ics-line__picture .ics-line__mark")) for each in (seen, page))
    assert 1 == len([asked for asked in record.asked if isinstance(asked, ListOutcomes)])


async def test_the_line_of_an_archived_record_ends_with_it_and_says_in_error_only_if_it_was_put_back(
    browser: Browser, record: StandInOutcomes, past: StandInReferrals
) -> None:
    past.updates = (a_change(1, ("risk_level", "amber", "red")),)
    ended = WHEN + timedelta(days=2)
    record.changes = {"is_open": False, "ended_at": ended, "may_update": False}
    record.outcomes = (an_outcome(recorded_at=ended, ending=True),)

    page = await browser.see(HERE)

    assert ["Outcome that archived the record"] == page.texts(".ics-line__legend")
    assert ["17/06/2022", "19/06/2022"] == page.texts(".ics-line__time span")


async def test_without_outcomes_the_record_is_there_and_says_so(
    browser: Browser, record: StandInOutcomes, past: StandInReferrals
) -> None:
    past.updates = (a_change(1, ("risk_level", "amber", "red")),)
    record.failing[ListOutcomes] = NotAnswered(Fault.UNAVAILABLE)

    page = await browser.see(HERE)

    assert "Outcomes cannot be shown at the moment." in page.tree.get_text()
    assert 1 == len(page.tree.select("svg[role=img]"))


async def test_of_a_long_history_the_line_begins_where_the_reply_does_and_says_so(
    browser: Browser, past: StandInReferrals
) -> None:
    past.updates, past.older = (a_change(9, ("risk_level", "amber", "red")), a_change(8)), 7

    page = await browser.see(HERE)

    assert ["25/06/2022"] == page.texts(".ics-line__time span")[:1]
    assert "There are older updates, which are not shown here." in page.tree.get_text()


async def test_the_line_begins_with_the_record_if_older_ratings_are_known(
    browser: Browser, past: StandInReferrals
) -> None:
    past.updates, past.older = (a_change(9), a_change(8)), 7
    past.older_ratings = (a_change(3, ("risk_level", "amber", "red")),)

    page = await browser.see(HERE)

    assert ["17/06/2022"] == page.texts(".ics-line__time span")[:1]
    assert ["Rated Red", "Rated Amber"] == [
        cell.get_text().removeprefix("What happened ") for cell in page.tree.select(".ics-line tbody td:nth-child(2)")
    ]


async def test_older_updates_are_on_pages_of_their_own(browser: Browser, past: StandInReferrals) -> None:
    past.updates, past.older = (a_change(9), a_change(8)), 7

    first, second = await browser.see(HERE), await browser.see(f"{HERE}?history=2")

    links = [{a.get_text(): a["href"] for a in page.named("a")} for page in (first, second)]
    assert (f"{HERE}?history=2#history", None) == (links[0]["Older updates"], links[0].get("Newest updates"))
    assert f"{HERE}#history" == links[1]["Newest updates"]
    assert [0, 2] == [asked.skip_updates for asked in past.heard(ReadPast)]
    assert (1, 0) == tuple(len(page.tree.select(".ics-line")) for page in (first, second))


async def test_the_past_that_comes_with_the_record_is_not_asked_for_again(
    browser: Browser, record: StandInOutcomes, past: StandInReferrals
) -> None:
    history = History(record_id=RECORD_ID, created_at=WHEN, created_by="Ada Minister", updates=(a_change(2),))
    record.changes["past"] = Past(history=history, notes=Notes(record_id=RECORD_ID, notes=()))

    page = await browser.see(f"{HERE}?history=2&notes=1")

    assert [PastWanted(skip_updates=2, skip_notes=1)] == [asked.past for asked in record.heard(ReadRecord)]
    assert [] == past.heard(ReadPast)
    assert ["Ada Minister"] == [
        name for name in ("Ada Minister", "Jayne Billings") if name in page.texts("#history")[0]
    ]


async def test_without_a_rating_there_is_neither_line_nor_review(browser: Browser, record: StandInOutcomes) -> None:
    del record.answers["risk_level"]

    page = await browser.see(HERE)

    assert [] == page.tree.select(".ics-line, button[value=review]")


# ------------------------------------------------------------------------------------------------------------ reviews
def sent_by(page: Page) -> dict[str, str]:
    """Return what the record's form sends unchanged, without boxes that are not ticked."""
    unticked = {str(box["name"]) for box in page.tree.select("main form input[type=checkbox]:not([checked])")}
    return {name: value for name, value in fields(page).items() if name not in unticked}


async def review(browser: Browser, status: int, **changes: str) -> Page:
    """Open the record, change these fields, and send the form as a review."""
    sent = sent_by(await browser.see(FORM)) | changes | {"act": "review"}
    return await browser.send(HERE, sent, status=status)


async def test_nothing_changed_and_reviewed_is_sent_for_the_version_that_was_read(
    browser: Browser, past: StandInReferrals
) -> None:
    page = await browser.see(FORM)
    sent = sent_by(page)

    where = await browser.go_on(HERE, sent | {"act": "review"})

    assert (f"{HERE}?notice=reviewed", "The review has been recorded.") == (where, await said(browser, where))
    assert [(4, sent["command"])] == [(each.version, each.command_id.hex) for each in past.heard(ReviewRecord)]
    assert "Reviewed, no change" in page.texts("main form button")


async def said(browser: Browser, path: str) -> str:
    return (await browser.see(path)).texts(".nhsuk-notification-banner__content")[0]


@pytest.mark.parametrize("changes", [{"risk_level": "green"}, {"consent_date-day": "sometime"}])
async def test_who_changed_something_is_asked_and_loses_nothing(
    browser: Browser, past: StandInReferrals, changes: dict[str, str]
) -> None:
    page = await review(browser, 409, **changes)

    assert "You have changed something in the form" == page.problems[0][:38]
    assert changes.items() <= fields(page).items()
    assert [] == past.heard(ReviewRecord)


async def test_a_review_of_an_older_version_shows_what_was_changed_meanwhile(
    browser: Browser, past: StandInReferrals
) -> None:
    past.failing[ReviewRecord] = Refused(Conflict(version=5))
    past.updates = (a_change(5, ("risk_level", "amber", "red")),)

    page = await review(browser, 409, version="3", risk_level="amber")

    assert "Someone else updated this referral while you were editing" == page.heading
    assert 1 == len(past.heard(ReviewRecord))


async def test_a_review_without_an_answer_goes_out_again_under_the_same_command(
    browser: Browser, past: StandInReferrals
) -> None:
    past.failing[ReviewRecord] = NotAnswered(Fault.TOO_LATE)

    page = await review(browser, 503)

    assert past.heard(ReviewRecord)[0].command_id.hex == fields(page)["command"]


# ------------------------------------------------------------------------------------------------------------ history
@pytest.mark.requirement("R-DSR-120")
async def test_the_history_says_each_change_in_words_with_who_and_when(
    browser: Browser, past: StandInReferrals
) -> None:
    past.updates = (
        a_change(5, act="reinstated"),
        a_change(4, act="archived"),
        a_change(3, act="reviewed"),
        a_change(2, ("latest_update", None, LONG), ("consent_date", "2022-06-01", "2022-06-16")),
        a_change(1, ("ethnicity", "Z", "A")),
    )

    page = await browser.see(HERE)

    assert [
        "Archived in error, restored by Gail Thomas, 22/06/2022 at 14:05",
        "Archived by Gail Thomas, 21/06/2022 at 14:05",
        "Reviewed, no change, by Gail Thomas, 20/06/2022 at 14:05",
        "Changed by Gail Thomas, 19/06/2022 at 14:05",
        "Changed by Gail Thomas, 18/06/2022 at 14:05",
    ] == page.texts("#history .ics-changes > strong, #history .ics-changes caption")
    cells = [cell.get_text() for cell in page.tree.select("#history tbody td, #history tbody th")]
    assert ["Latest Update for DSR Meeting", "Not recorded", LONG] == [_bare(cell) for cell in cells[:3]]
    assert ["01/06/2022", "16/06/2022"] == [_bare(cell) for cell in cells[4:6]]
    assert ["Not stated", "British"] == [_bare(cell) for cell in cells[7:9]]


def _bare(cell: str) -> str:
    """Return the cell without the column name that stands before it on a phone."""
    names = ("What changed ", "Before ", "After ")
    return next((cell.removeprefix(name) for name in names if cell.startswith(name)), cell)


# --------------------------------------------------------------------------------------------- copy for the case record
async def test_the_text_for_the_case_record_says_what_was_decided_and_names_nobody(
    browser: Browser, past: StandInReferrals
) -> None:
    past.updates = (a_change(2, act="reviewed"), a_change(1, ("risk_level", "amber", "red")))

    page = await browser.see(TEXT)

    (area,) = page.tree.select("textarea[readonly]")
    lines = area.get_text().strip().split("\n")
    assert [
        "Dynamic Support Register",
        "Reference: DSR-7KQ2-M9XP",
        "Added by Jayne Billings, 17/06/2022 at 14:05",
        "",
        "Rating: Red (Gail Thomas, 17/06/2022 at 14:05)",
        "The DSR Team has been alerted.",
    ] == lines[:6]
    assert "Has the person consented to be added to the DSR Register? Yes" in lines
    assert "Date of the consent or best interest decision: 16/06/2022" in lines
    assert lines[-4:-2] == [f"Latest Update for DSR Meeting: {LONG.splitlines()[0]}", LONG.splitlines()[1]]
    assert not {"Tester", "Three", "07/02/2001"} & set(area.get_text().split())
    assert ["Tester Three - 07/02/2001"] == page.texts(".ics-identity__name")
    assert "DSR-7KQ2-M9XP - Copy for case record" == page.title


async def test_the_text_is_reached_from_the_record_and_from_the_receipt(browser: Browser) -> None:
    pages = [await browser.see(HERE), await browser.see(f"{HERE}added/")]

    assert [1, 1] == [len(page.tree.select(f'a[href="{TEXT}"]')) for page in pages]


async def test_the_text_of_a_record_that_is_not_theirs_is_not_found(browser: Browser) -> None:
    assert "Page not found" == (await browser.see(f"/dsr/records/{'0' * 32}/text/", status=404)).heading


# --------------------------------------------------------------------------------------------- retired options
@pytest.mark.requirement("R-DSR-081")
async def test_what_a_record_has_stays_chosen_when_it_is_offered_no_more(browser: Browser) -> None:
    registers = browser.client.app[REGISTERS]
    south, north = registers.find("dsr").form.by_name["locality"].options
    options = (south.model_copy(update={"retired": True}), north)
    registers.adapt({"dsr": Adaptation(1, Overlay(options={"locality": options}))})

    opened = await browser.see(FORM)

    (chosen,) = opened.tree.select("#locality option[selected]")
    assert ("south_staffordshire", f"{south.label} (no longer offered)") == (chosen["value"], chosen.get_text())


# --------------------------------------------------------------------------------------------- earlier answers
async def test_answers_that_the_form_no_longer_asks_are_shown_beside_it(
    browser: Browser, record: StandInOutcomes
) -> None:
    record.answers |= {"shoe_size": "9", "locality": "oldtown", "consent_date": "in June"}

    page = await browser.see(FORM)

    assert "Earlier answers" in page.texts("#record h2")
    assert [["shoe_size", "9"], ["Date of the consent or best interest decision", "in June"]] == sorted(
        (list(row.stripped_strings) for row in page.tree.select("#record dl > div")),
        key=lambda row: row[1],
    )
    (chosen,) = page.tree.select("#locality option[selected]")
    assert "oldtown" == chosen["value"]


async def test_a_record_without_earlier_answers_has_no_such_section(browser: Browser) -> None:
    assert "Earlier answers" not in (await browser.see(HERE)).texts("#record h2")


async def test_the_history_shows_answers_to_questions_that_no_edition_has(
    browser: Browser, past: StandInReferrals
) -> None:
    past.updates = (a_change(1, ("shoe_size", "9", None)),)

    page = await browser.see(HERE)

    cells = page.texts("#history tbody tr > *")
    assert ["shoe_size", "9", "Answer removed"] == [
        cell.removeprefix(label).strip() for cell, label in zip(cells, ("What changed", "Before", "After"), strict=True)
    ]


async def test_a_record_whose_edition_is_missing_is_unavailable_and_no_fault(
    browser: Browser, record: StandInOutcomes
) -> None:
    record.changes["edition"] = "1999"

    assert "Sorry, the service is unavailable" == (await browser.see(HERE, status=503)).heading

"""Tests of the page to read a record: what it shows to whom, what can be done from it, and what leads to it."""

from datetime import timedelta

import pytest

from shared.contracts.outcomes import ListOutcomes, ReadToldOutcome, ToldOutcome
from shared.contracts.referrals.reading import AddNote, FieldChange, NoteShown, ReadRecord, RecordChange
from shared.contracts.referrals.saving import Conflict, ReviewRecord
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_outcomes import PERSON, RECORD_ID, WHEN, StandInOutcomes, an_outcome
from tests.gateway.stand_in_referrals import StandInReferrals
from tests.gateway.visit import Page
from tests.services.referrals.builders import a_referral

pytestmark = pytest.mark.requirement("R-USE-003")

HERE = f"/dsr/records/{RECORD_ID.hex}/"
FORM, REVIEW, NOTES = f"{HERE}change/", f"{HERE}review/", f"{HERE}notes/"
LAST = "section[aria-labelledby=last-outcome]"
NEWS = "Seen at home.\nAll is well."
ANSWERS = a_referral(**PERSON, risk_level="amber", latest_update=NEWS, nhs_number="9434765919")


@pytest.fixture
def record() -> StandInOutcomes:
    return StandInOutcomes(answers=dict(ANSWERS))


@pytest.fixture
def referrals() -> StandInReferrals:
    return StandInReferrals()


@pytest.fixture
async def browser(
    open_gateway: OpenGateway, identity: StandInIdentity, record: StandInOutcomes, referrals: StandInReferrals
) -> Browser:
    return await open_gateway(identity, record, referrals)


def answers_on(page: Page, part: str = "#record") -> dict[str, str]:
    """Return the questions and answers of a part of the page."""
    rows = [list(row.stripped_strings) for row in page.tree.select(f"{part} .nhsuk-summary-list__row")]
    return {row[0]: row[1] for row in rows}


def actions_on(page: Page) -> list[str]:
    return page.texts(".ics-actions a, .ics-actions button")


# ----------------------------------------------------------------------------------------------------- what it shows
async def test_it_shows_the_answered_questions_by_section_and_no_field(browser: Browser) -> None:
    page = await browser.see(HERE)

    shown = answers_on(page)
    assert ("Tester", "07/02/2001", "Amber") == (
        shown["First Name"],
        shown["Date of Birth"],
        shown["Level of risk as identified by the DSD Clinical Support Tool"],
    )
    assert "Contact details of lead professional" not in shown
    assert [] == page.tree.select("#record input, #record select, #record textarea, #record [disabled]")
    titles = page.texts("#record h2")
    assert titles == [each for each in page.texts("#record h2") if answers_on(page)]
    assert "Referral" == page.heading


async def test_an_answer_that_the_form_hides_is_not_shown(browser: Browser, record: StandInOutcomes) -> None:
    record.answers["parental_consent"] = "yes"  # only asked of a person under 16 without capacity

    page = await browser.see(HERE)

    assert not [label for label in answers_on(page) if "parental" in label]
    assert "Has the person consented to be added to the DSR Register?" in answers_on(page)


async def test_the_latest_update_and_the_last_outcome_stand_first(browser: Browser, record: StandInOutcomes) -> None:
    newest = an_outcome(answers={"notes": "Plan agreed."}, recorded_at=WHEN + timedelta(days=1))
    record.outcomes = (an_outcome(counted=False, answers={"notes": "Never saved."}), newest, an_outcome())

    page = await browser.see(HERE)

    (update, outcome, _actions) = page.tree.select(".ics-read")
    assert NEWS in update.get_text()
    assert ["Plan agreed."] == [each.get_text() for each in outcome.select("dd")]
    assert [f"{HERE}outcomes/#outcomes"] == [str(link["href"]) for link in outcome.select("a")]
    assert page.html.index("Plan agreed.") < page.html.index('id="record"')


async def test_before_the_rating_changes_one_line_of_text_says_it(
    browser: Browser, referrals: StandInReferrals
) -> None:
    first = await browser.see(HERE)
    fields = (FieldChange(name="risk_level", before="green", after="amber"),)
    referrals.updates = (
        RecordChange(version=2, act="updated", changed_at=WHEN, changed_by="Gail Thomas", changes=fields),
    )
    second = await browser.see(HERE)

    line = "Rating over time: Amber since 17/06/2022."
    assert (True, []) == (line in first.texts("main p"), first.tree.select(".ics-line"))
    assert (False, 1) == (line in second.texts("main p"), len(second.tree.select(".ics-line")))


async def test_notes_and_history_can_be_read_there_too(browser: Browser, referrals: StandInReferrals) -> None:
    referrals.notes = (NoteShown(note_id=RECORD_ID, text="Rang.", written_by="Ada Minister", written_at=WHEN),)

    page = await browser.see(HERE)

    assert ["Referral", "History (4)", "Notes (0)"] == page.texts(".nhsuk-tabs__list a")
    assert ["Rang."] == page.texts("#notes .ics-note__text")


@pytest.mark.parametrize(
    ("role", "may_update", "shown"),
    [
        (
            Role.ADMINISTRATOR,
            True,
            [
                *("Change", "Reviewed, no change", "Outcomes", "Change holder and cover", "Copy for case record"),
                "Who looked at this referral",
            ],
        ),
        (Role.STANDARD, True, ["Change", "Reviewed, no change", "Copy for case record"]),
        (Role.STANDARD, False, ["Copy for case record"]),
        (Role.REPORTING, False, ["Copy for case record"]),
    ],
)
async def test_it_offers_what_the_visitor_may_do_in_one_row(
    open_gateway: OpenGateway,
    record: StandInOutcomes,
    role: Role,
    may_update: bool,
    shown: list[str],
) -> None:
    record.changes["may_update"] = may_update
    record.outcomes = (an_outcome(),)
    browser = await open_gateway(StandInIdentity(role=role), record, StandInReferrals())

    page = await browser.see(HERE)

    assert shown == actions_on(page)
    assert may_update == bool(page.tree.select(f'#record a[href^="{FORM}"]'))
    assert (role is Role.ADMINISTRATOR) == bool(record.heard(ListOutcomes)) == ("Seen at home." in answers_of(page))


def answers_of(page: Page) -> list[str]:
    return page.texts(".ics-read dd")


async def test_an_archived_record_is_read_on_it(browser: Browser, record: StandInOutcomes) -> None:
    record.changes = {"is_open": False, "state": "archived", "may_update": False, "ended_at": WHEN}

    page = await browser.see(HERE)

    assert ["Outcomes", "Copy for case record", "Who looked at this referral"] == actions_on(page)
    assert [] == page.tree.select("main textarea, main input:not([type=hidden])")


async def test_the_tab_names_the_record_and_nobody(browser: Browser) -> None:
    pages = [await browser.see(path) for path in (HERE, FORM, f"{HERE}outcomes/", f"{HERE}text/")]

    assert [
        "DSR-7KQ2-M9XP - Referral",
        "DSR-7KQ2-M9XP - Update Record",
        "DSR-7KQ2-M9XP - Outcomes",
        "DSR-7KQ2-M9XP - Copy for case record",
    ] == [page.title for page in pages]


async def test_the_bar_has_the_nhs_number_and_no_brackets_without_a_postcode(
    browser: Browser, record: StandInOutcomes
) -> None:
    full = await browser.see(HERE)
    record.answers.pop("postcode")
    record.answers.pop("nhs_number")
    bare = await browser.see(HERE)

    assert ["Tester Three - 07/02/2001 (ST3 1TR)"] == full.texts(".ics-identity__name")
    assert "943 476 5919" in full.texts(".ics-identity__text")
    assert ["Tester Three - 07/02/2001"] == bare.texts(".ics-identity__name")
    assert len(full.texts(".ics-identity__text")) == len(bare.texts(".ics-identity__text")) + 1


# ------------------------------------------------------------------------------------------------------- to the form
async def test_each_section_and_the_row_lead_to_the_form(browser: Browser) -> None:
    page = await browser.see(HERE)
    form = await browser.see(FORM)

    (first, *sections) = [str(link["href"]) for link in page.tree.select(f'a[href^="{FORM}"]')]
    assert FORM == first
    assert len(page.texts("#record h2")) == len(sections)
    for href, title in zip(sections, page.texts("#record h2"), strict=True):
        assert [title] == form.texts(f"#{href.partition('#')[2]}")


@pytest.mark.requirement("R-DSR-117")
async def test_the_form_has_the_tabs_the_answers_and_the_button_of_the_seed(browser: Browser) -> None:
    form = await browser.see(FORM)

    assert ["Referral", "History (4)", "Notes (0)"] == form.texts(".nhsuk-tabs__list a")
    assert ["Update Record", "Reviewed, no change"] == form.texts("#record button:not(.ics-clear)")
    assert [NEWS] == [each.get_text().strip() for each in form.tree.select("#latest_update")]
    assert HERE in [str(link["href"]) for link in form.tree.select(".nhsuk-back-link")]


async def test_who_may_not_change_the_record_is_led_from_the_form_to_the_page(
    browser: Browser, record: StandInOutcomes
) -> None:
    record.changes["may_update"] = False

    assert HERE == await browser.sent_to(FORM)


@pytest.mark.parametrize("path", [HERE, FORM])
async def test_each_page_reads_the_record_once(browser: Browser, record: StandInOutcomes, path: str) -> None:
    await browser.see(path)

    assert 1 == len(record.heard(ReadRecord))


async def test_a_faulty_answer_leads_to_its_question_in_the_form(browser: Browser, record: StandInOutcomes) -> None:
    record.answers |= {"consent_given": "yes", "consent_date": "2001-02-06"}
    writer = await browser.see(HERE)
    record.changes["may_update"] = False
    reader = await browser.see(HERE)

    assert [f"{FORM}#date_of_birth-day"] == [str(a["href"]) for a in writer.tree.select(".nhsuk-inset-text a")]
    assert ([], writer.texts(".nhsuk-inset-text li")) == (
        reader.tree.select(".nhsuk-inset-text a"),
        reader.texts(".nhsuk-inset-text li"),
    )


# ----------------------------------------------------------------------------------------------------------- reviews
def review_on(page: Page) -> dict[str, str]:
    return {str(each["name"]): str(each["value"]) for each in page.tree.select("#note-form input")}


async def test_nothing_changed_is_said_with_one_press(browser: Browser, referrals: StandInReferrals) -> None:
    sent = review_on(await browser.see(HERE))

    where = await browser.go_on(REVIEW, sent)

    assert f"{HERE}?notice=reviewed" == where
    assert [(4, sent["command"])] == [(each.version, each.command_id.hex) for each in referrals.heard(ReviewRecord)]


async def test_a_review_keeps_a_note_that_is_being_written(browser: Browser, referrals: StandInReferrals) -> None:
    page = await browser.see(HERE)
    (button,) = page.tree.select(f'button[formaction="{REVIEW}"]')

    again = await browser.send(REVIEW, review_on(page) | {"text": "Rang the family."}, status=200)

    assert ("note-form", ["Rang the family."]) == (button["form"], again.texts("#note-form textarea"))
    assert 1 == len(referrals.heard(ReviewRecord))


async def test_a_review_of_what_somebody_changed_meanwhile_shows_the_record_as_it_is_now(
    browser: Browser, record: StandInOutcomes, referrals: StandInReferrals
) -> None:
    sent = review_on(await browser.see(HERE))
    record.version = 5
    referrals.failing[ReviewRecord] = Refused(Conflict(version=5))

    page = await browser.send(REVIEW, sent, status=409)

    assert ["Someone has changed this referral since you opened it."] == [each[:54] for each in page.problems]
    again = review_on(page)
    assert ("5", True) == (again["version"], again["command"] != sent["command"])


async def test_a_review_without_an_answer_goes_out_again_as_it_was(
    browser: Browser, referrals: StandInReferrals
) -> None:
    sent = review_on(await browser.see(HERE)) | {"version": "3"}
    referrals.failing[ReviewRecord] = NotAnswered(Fault.TOO_LATE)

    page = await browser.send(REVIEW, sent, status=503)

    again = review_on(page)
    assert ("3", sent["command"]) == (again["version"], again["command"])


async def test_a_record_that_was_archived_meanwhile_is_shown_so(browser: Browser, referrals: StandInReferrals) -> None:
    sent = review_on(await browser.see(HERE))
    referrals.failing[ReviewRecord] = Refused("archived")

    assert HERE == await browser.go_on(REVIEW, sent)


# ------------------------------------------------------------------------------------------------------------- notes
async def test_a_note_is_added_from_the_page(browser: Browser, referrals: StandInReferrals) -> None:
    await browser.see(HERE)

    assert f"{HERE}?notice=noted" == await browser.go_on(NOTES, {"text": "Rang the family."})
    assert ["Rang the family."] == [each.text for each in referrals.heard(AddNote)]


async def test_a_note_that_was_not_added_stays_on_the_page(browser: Browser, referrals: StandInReferrals) -> None:
    await browser.see(HERE)
    referrals.failing[AddNote] = NotAnswered(Fault.TOO_LATE)
    command = "0123456789abcdef0123456789abcdef"

    page = await browser.send(NOTES, {"text": "Rang.", "note_command": command}, status=503)
    empty = await browser.send(NOTES, {"text": " "})

    assert (["Rang."], command) == (page.texts("#text"), page.tree.select('[name="note_command"]')[0]["value"])
    assert (["Type the note"], []) == (empty.problems, empty.tree.select("#record-form"))


# ------------------------------------------------------------------------------------- what is told of the last outcome
@pytest.mark.requirement("R-USE-008")
async def test_who_keeps_the_record_reads_date_and_plan_of_the_last_outcome(
    browser: Browser, identity: StandInIdentity, record: StandInOutcomes
) -> None:
    identity.role = Role.STANDARD
    browser.come_in(identity)

    page = await browser.see(HERE)

    assert {"Plan From Meeting": "Weekly visits <b>until spring"} == answers_on(page, LAST)
    assert "Recorded 17/06/2022 at 14:05" in page.texts(f"{LAST} p")
    assert not page.tree.select('a[href$="outcomes/#outcomes"]')
    assert [] == record.heard(ListOutcomes)


@pytest.mark.requirement("R-USE-008")
async def test_who_only_reads_the_record_is_told_nothing_of_outcomes(
    browser: Browser, identity: StandInIdentity, record: StandInOutcomes
) -> None:
    identity.role, record.changes = Role.STANDARD, {"may_update": False}
    browser.come_in(identity)

    page = await browser.see(HERE)

    assert ([], []) == (page.texts("#last-outcome"), record.heard(ReadToldOutcome))


@pytest.mark.requirement("R-USE-008")
@pytest.mark.parametrize("failure", [NotAnswered(Fault.UNAVAILABLE), Refused("not_found")])
async def test_the_page_does_without_it(
    browser: Browser, identity: StandInIdentity, record: StandInOutcomes, failure: NotAnswered | Refused
) -> None:
    identity.role, record.failing[ReadToldOutcome] = Role.STANDARD, failure
    browser.come_in(identity)

    page = await browser.see(HERE)

    assert ("Referral", []) == (page.heading, page.texts("#last-outcome"))


@pytest.mark.requirement("R-USE-008")
async def test_a_record_without_outcomes_says_nothing_of_them(
    browser: Browser, identity: StandInIdentity, record: StandInOutcomes
) -> None:
    identity.role, record.told = Role.STANDARD, ToldOutcome(record_id=RECORD_ID)
    browser.come_in(identity)

    assert [] == (await browser.see(HERE)).texts("#last-outcome")

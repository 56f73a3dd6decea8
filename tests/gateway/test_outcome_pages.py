"""Tests of the pages of outcomes: the form, the confirmation before archiving, refusals, and earlier outcomes."""

from uuid import UUID

import pytest

from shared.contracts.outcomes import ListOutcomes, RecordOutcome
from shared.contracts.referrals.answers import InvalidAnswers
from shared.contracts.referrals.reading import ReadRecord
from shared.contracts.referrals.saving import Conflict
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers, load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.filled import fields
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_outcomes import PERSON, RECORD_ID, StandInOutcomes, an_outcome
from tests.gateway.visit import Page

HERE = f"/dsr/records/{RECORD_ID.hex}/outcomes/"
COMMAND = "0123456789abcdef0123456789abcdef"
LONG = "First line,\nsecond line <b>& more</b>"
TYPED = {
    "command": COMMAND,
    "version": "4",
    "cetr_requested": "yes",
    "laep_requested": "no",
    "meeting_happened": "yes",
    "meeting_outcome": "plan_changed",
    "cetr_date-day": "17",
    "cetr_date-month": "6",
    "cetr_date-year": "2022",
    "notes": LONG,
}
LEAVING = {"leaving_reason": "moved_away"}
ANSWERS = {
    "cetr_requested": "yes",
    "laep_requested": "no",
    "meeting_happened": "yes",
    "meeting_outcome": "plan_changed",
    "cetr_date": "2022-06-17",
    "notes": LONG,
}


@pytest.fixture
async def browser(open_gateway: OpenGateway, identity: StandInIdentity, outcomes: StandInOutcomes) -> Browser:
    """A browser of a logged-in user: an administrator unless the test changes the role first."""
    return await open_gateway(identity, outcomes, registers=_registers())


def _registers() -> Registers:
    """Return two registers: the DSR, and one that records no outcomes."""
    dsr = load_registers().find("dsr")
    named = dsr.identity.model_copy(update={"code": "bare"})
    bare = dsr.model_copy(update={"identity": named, "outcome": None})
    return Registers([LoadedRegister(definition, sha256="") for definition in (dsr, bare)])


# ------------------------------------------------------------------------------------------------------------ the form
@pytest.mark.requirement("R-DSR-125", "R-DSR-127")
async def test_the_page_says_whose_it_is_and_has_both_tabs(browser: Browser) -> None:
    page = await browser.see(HERE)

    assert "Tester Three - 07/02/2001 (ST3 1TR)" == page.texts(".ics-identity__name")[0]
    assert ["Home", "Outcomes (0)"] == page.texts(".nhsuk-tabs__tab")
    assert ["No outcomes have been recorded yet."] == page.texts("#outcomes > p")


async def test_the_rating_and_the_latest_update_stand_above_the_form(
    browser: Browser, outcomes: StandInOutcomes
) -> None:
    outcomes.answers = PERSON | {"risk_level": "red", "latest_update": "Notice <b>given"}

    page = await browser.see(HERE)

    shown = page.tree.select_one("main .nhsuk-summary-list")
    assert shown is not None
    assert shown.find_next_sibling("div", class_="nhsuk-tabs")
    assert ["Red", "Notice <b>given"] == page.texts("main .nhsuk-summary-list dd")


@pytest.mark.requirement("R-DSR-068")
async def test_places_bear_the_same_names_as_on_every_other_page(browser: Browser) -> None:
    here, on_the_list = await browser.see(HERE), await browser.see("/dsr/records/")

    bar = here.texts(".nhsuk-header__navigation-item")
    assert bar == on_the_list.texts(".nhsuk-header__navigation-item")
    assert ["Home", "Submit New Referral", "Referrals"] == bar[:3]
    assert "Submissions" not in here.html


@pytest.mark.requirement("R-DSR-128", "R-DSR-129")
async def test_both_first_questions_offer_yes_and_no_and_must_be_answered(browser: Browser) -> None:
    page = await browser.see(HERE)
    sent = await browser.send(HERE, {"command": COMMAND, "version": "4", "act": "save"})

    asked = {legend: choices(page, legend) for legend in page.texts("legend")}
    assert ["Yes", "No"] == asked["Has a C(E)TR been requested?*"] == asked["Has a LAEP been requested?*"]
    assert [
        "Say whether a C(E)TR has been requested",
        "Say whether a LAEP has been requested",
    ] == sent.problems


def choices(page: Page, legend: str) -> list[str]:
    """Return the labels of a question's choices."""
    (fieldset,) = [each for each in page.tree.select("fieldset") if each.select("legend")[0].get_text() == legend]
    return [label.get_text() for label in fieldset.select("label")]


@pytest.mark.requirement("R-DSR-134", "R-DSR-135", "R-DSR-136")
async def test_notes_summary_and_plan_are_on_the_form(browser: Browser) -> None:
    page = await browser.see(HERE)

    labels = {str(label["for"]): label.get_text() for label in page.tree.select("label")}
    typed_into = {str(each["id"]) for each in page.tree.select("textarea")}
    assert {"Notes", "Summary for Next Meeting", "Plan From Meeting"} <= {labels[each] for each in typed_into}


@pytest.mark.requirement("R-DSR-126")
async def test_the_list_leads_there_by_an_address_that_names_nobody(browser: Browser) -> None:
    page = await browser.see("/dsr/records/")

    assert [HERE] == ways_to_outcomes(page)
    assert {HERE} == {str(form["action"]) for form in (await browser.see(HERE)).tree.select("main form")}


@pytest.mark.requirement("R-DSR-113")
@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING])
async def test_the_list_shows_the_way_there_to_administrators_alone(
    identity: StandInIdentity, browser: Browser, role: Role
) -> None:
    shown = ways_to_outcomes(await browser.see("/dsr/records/"))
    await enter_as(identity, browser, role)

    assert ([HERE], []) == (shown, ways_to_outcomes(await browser.see("/dsr/records/")))


def ways_to_outcomes(page: Page) -> list[str]:
    return [str(link["href"]) for link in page.tree.select("td a") if link.get_text().startswith("Outcomes")]


async def enter_as(identity: StandInIdentity, browser: Browser, role: Role | None) -> None:
    """Log out, and log in again with another role."""
    await browser.go_on("/dsr/logout")
    identity.role = role
    browser.come_in(identity)
    await browser.see("/dsr/home/")


@pytest.mark.requirement("R-DSR-131", "R-DSR-132", "R-DSR-133")
async def test_which_questions_follow_is_said_to_the_script_and_decided_by_the_server(browser: Browser) -> None:
    page = await browser.see(HERE)
    either = await browser.send(HERE, TYPED | {"meeting_happened": "", "act": "save"})

    shown_if = {
        field: str(block["data-show-if"])
        for block in page.tree.select("[data-show-if]")
        for field in {str(each["name"]) for each in block.select("input, select, textarea")}
    }
    assert '[{"cetr_requested": ["yes"]}, {"laep_requested": ["yes"]}]' == shown_if["meeting_happened"]
    assert '[{"meeting_happened": ["no"]}]' == shown_if["why_it_did_not_happen"]
    assert '[{"meeting_happened": ["yes"]}]' == shown_if["meeting_outcome"]
    assert ["Say whether either meeting happened"] == either.problems


# ----------------------------------------------------------------------------------------------------- save and update
@pytest.mark.requirement("R-DSR-137")
async def test_save_and_update_records_what_was_typed_and_comes_back(
    browser: Browser, outcomes: StandInOutcomes
) -> None:
    assert ["Save & Update", "Save & Archive"] == (await browser.see(HERE)).texts("#home button")

    where = await browser.go_on(HERE, TYPED | {"act": "save"})

    (asked,) = outcomes.recorded
    assert (RECORD_ID, UUID(COMMAND), "2022", 4, False) == (
        asked.record_id,
        asked.command_id,
        asked.edition,
        asked.version,
        asked.ending,
    )
    assert ANSWERS == asked.answers
    assert f"{HERE}?notice=saved#outcomes" == where
    assert ["The outcome has been saved."] == (await browser.see(where)).texts(".nhsuk-notification-banner__heading")


async def test_what_cannot_be_taken_comes_back_with_everything_typed(
    browser: Browser, outcomes: StandInOutcomes
) -> None:
    wrong = TYPED | {"cetr_date-month": "13"}

    page = await browser.send(HERE, wrong | {"act": "save"})

    assert ["Date of the C(E)TR must be a real date, like 17/06/2022"] == page.problems
    assert wrong == fields(page)
    assert [] == outcomes.recorded


# ---------------------------------------------------------------------------------------------------- save and archive
@pytest.mark.requirement("R-DSR-138")
async def test_save_and_archive_asks_first_and_says_what_it_means(browser: Browser, outcomes: StandInOutcomes) -> None:
    page = await browser.send(HERE, TYPED | {"act": "archive"}, status=200)

    assert ["Yes – Archive", "No – Cancel"] == page.texts("main form button")
    assert "Tester Three - 07/02/2001 (ST3 1TR)" == page.texts(".ics-identity__name")[0]
    assert "If the record is archived this has the following impact" == page.texts("#impacts")[0]
    assert [
        "the record will no longer be able to receive further updates / outcomes",
        "the record will no longer be visible via the referrals page",
        "the record will not be included in the reporting dashboard",
        "the record will not be included in the active record report downloads",
        "the record will only be available for download via the archived records report",
    ] == page.texts("main li")
    assert [] == outcomes.recorded


async def test_nothing_is_asked_about_archiving_while_answers_are_missing(browser: Browser) -> None:
    page = await browser.send(HERE, TYPED | {"laep_requested": "", "act": "archive"})

    assert ["Say whether a LAEP has been requested"] == page.problems


@pytest.mark.requirement("R-DSR-139")
async def test_no_leads_back_to_the_form_with_everything_typed(browser: Browser, outcomes: StandInOutcomes) -> None:
    question = await browser.send(HERE, TYPED | {"act": "archive"}, status=200)

    page = await browser.send(HERE, fields(question) | {"act": "cancel"}, status=200)

    assert TYPED == fields(page)
    assert ["Save & Update", "Save & Archive"] == page.texts("#home button")
    assert [] == outcomes.recorded


@pytest.mark.requirement("R-DSR-140")
async def test_yes_saves_and_archives_and_the_list_says_so(browser: Browser, outcomes: StandInOutcomes) -> None:
    question = await browser.send(HERE, TYPED | {"act": "archive"}, status=200)

    where = await browser.go_on(HERE, fields(question) | LEAVING | {"act": "confirm"})

    (asked,) = outcomes.recorded
    assert (True, UUID(COMMAND), 4, ANSWERS) == (asked.ending, asked.command_id, asked.version, asked.answers)
    assert "/dsr/records/?archived=DSR-7KQ2-M9XP&notice=archived" == where
    page = await browser.see(where)
    assert ["The outcome has been saved and the referral is archived."] == (
        page.texts(".nhsuk-notification-banner--success .nhsuk-notification-banner__heading")
    )
    assert "Reference DSR-7KQ2-M9XP. Archived in error?" in page.texts(".nhsuk-notification-banner--success p")
    (link,) = page.tree.select(".nhsuk-notification-banner a")
    assert "/dsr/administration/reversals/?reference=DSR-7KQ2-M9XP#ask" == link["href"]


async def test_what_the_address_says_of_an_archive_is_a_reference_or_nothing(browser: Browser) -> None:
    page = await browser.see("/dsr/records/?archived=%3Cb%3EPercy%3C/b%3E&notice=archived")

    assert "Percy" not in page.html


async def test_a_meeting_before_the_birth_is_marked_with_both_dates(
    browser: Browser, outcomes: StandInOutcomes
) -> None:
    outcomes.failing[RecordOutcome] = Refused(InvalidAnswers(faults=1))
    too_early = TYPED | {"cetr_date-year": "2001", "cetr_date-month": "2", "cetr_date-day": "6"}

    saved = await browser.send(HERE, too_early | {"act": "save"}, status=422)
    asked = await browser.send(HERE, too_early | {"act": "archive"}, status=422)

    said = "Date of the C(E)TR (06/02/2001) is before Date of Birth (07/02/2001). Put right whichever is wrong."
    assert [said] == saved.problems == asked.problems


async def test_the_outcomes_of_an_archived_record_are_read_and_none_is_added(
    browser: Browser, outcomes: StandInOutcomes
) -> None:
    outcomes.changes, outcomes.outcomes = {"is_open": False, "state": "archived"}, (an_outcome(),)

    page = await browser.see(HERE)

    assert (["This referral is archived. It can no longer be updated."], []) == (
        page.texts("#home p"),
        page.texts("main button"),
    )
    assert 1 == len(page.tree.select("#outcomes section"))


async def test_an_archive_that_takes_longer_is_said_to_be_under_way(
    browser: Browser, outcomes: StandInOutcomes
) -> None:
    outcomes.pending = True

    page = await browser.see(await browser.go_on(HERE, TYPED | LEAVING | {"act": "confirm"}))

    assert ["Important"] == page.texts(".nhsuk-notification-banner__title")
    assert ["The referral is being archived. This takes a moment."] == page.texts(".nhsuk-notification-banner__heading")


# ------------------------------------------------------------------------------------------------- refusals and faults
async def test_a_record_that_was_changed_meanwhile_comes_back_in_its_new_version_with_everything_typed(
    browser: Browser, outcomes: StandInOutcomes
) -> None:
    outcomes.failing[RecordOutcome] = Refused(Conflict(version=5))
    outcomes.version = 5

    page = await browser.send(HERE, TYPED | LEAVING | {"act": "confirm"}, status=409)

    assert ["Someone changed this referral while you were typing."] == [each[:52] for each in page.problems]
    again = fields(page)
    assert TYPED | LEAVING | {"version": "5", "command": again["command"]} == again
    assert COMMAND != again["command"]


async def test_a_record_that_was_archived_meanwhile_is_gone_and_what_was_typed_is_not(
    browser: Browser, outcomes: StandInOutcomes
) -> None:
    outcomes.failing.update({RecordOutcome: Refused("archived"), ReadRecord: Refused("not_found")})

    page = await browser.send(HERE, TYPED | {"act": "save"}, status=409)

    assert "This referral is archived. It can no longer be updated." == page.texts("main p")[0]
    assert LONG in [each.get_text() for each in page.tree.select("dd")]


async def test_a_record_whose_archiving_went_through_without_an_answer_is_said_to_be_archived(
    browser: Browser, outcomes: StandInOutcomes
) -> None:
    outcomes.failing.update({RecordOutcome: NotAnswered(Fault.TOO_LATE), ReadRecord: Refused("not_found")})

    page = await browser.send(HERE, TYPED | LEAVING | {"act": "confirm"}, status=409)

    assert "This referral is archived. It can no longer be updated." == page.texts("main p")[0]
    assert LONG in [each.get_text() for each in page.tree.select("dd")]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.UNAVAILABLE, "Sorry, this is not available at the moment. Nothing has been saved."),
        (Fault.TOO_LATE, "We could not confirm that this was saved. Look in the list before you send it again."),
    ],
)
async def test_without_an_answer_the_form_stays_and_the_same_command_goes_out_again(
    browser: Browser, outcomes: StandInOutcomes, fault: Fault, said: str
) -> None:
    outcomes.failing.update({RecordOutcome: NotAnswered(fault), ListOutcomes: NotAnswered(fault)})

    page = await browser.send(HERE, TYPED | {"act": "save"}, status=503)

    assert said == page.problems[0][: len(said)]
    assert TYPED == fields(page)
    assert "Outcomes (–)" in page.texts(".nhsuk-tabs__tab")


# -------------------------------------------------------------------------------------------------------------- access
@pytest.mark.requirement("R-DSR-123", "R-DSR-141")
@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING, Role.MASTER_ADMIN, None])
async def test_nobody_but_an_administrator_gets_to_the_page(
    identity: StandInIdentity, browser: Browser, outcomes: StandInOutcomes, role: Role | None
) -> None:
    await enter_as(identity, browser, role)

    await browser.see(HERE, status=403)
    await browser.send(HERE, TYPED | LEAVING | {"act": "confirm"}, status=403)

    assert [] == outcomes.asked


async def test_a_record_that_is_not_there_is_not_found(browser: Browser, outcomes: StandInOutcomes) -> None:
    outcomes.failing[ListOutcomes] = Refused("not_found")

    for unknown in (HERE, f"/dsr/records/{UUID(int=1).hex}/outcomes/", "/dsr/records/percy/outcomes/"):
        assert "Page not found" == (await browser.see(unknown, status=404)).heading


async def test_a_register_that_records_no_outcomes_has_no_such_page(browser: Browser) -> None:
    bare = HERE.replace("dsr", "bare")

    seen, sent = await browser.see(bare, status=404), await browser.send(bare, TYPED | {"act": "save"}, status=404)

    assert "Page not found" == seen.heading == sent.heading


@pytest.mark.parametrize("change", [{"act": "erase"}, {"act": ""}, {"version": "x"}, {"command": "1"}])
async def test_a_form_that_is_not_ours_is_refused(
    browser: Browser, outcomes: StandInOutcomes, change: dict[str, str]
) -> None:
    await browser.send(HERE, TYPED | {"act": "save"} | change, status=400)

    assert [] == outcomes.recorded


# ---------------------------------------------------------------------------------------------------- earlier outcomes
@pytest.mark.requirement("R-DSR-127", "R-DSR-141")
async def test_the_outcomes_so_far_say_who_when_and_what_in_words(browser: Browser, outcomes: StandInOutcomes) -> None:
    outcomes.outcomes = (an_outcome(), an_outcome(outcome_id=UUID(int=12), recorded_by="Jo Other"))

    page = await browser.see(HERE)

    assert "Outcomes (2)" in page.texts(".nhsuk-tabs__tab")
    assert [
        "Recorded by Ada Minister, 17/06/2022 at 14:05",
        "Recorded by Jo Other, 17/06/2022 at 14:05",
    ] == page.texts("#outcomes h3")
    (first, _) = page.tree.select("#outcomes dl")
    assert [
        ("Has a C(E)TR been requested?", "No"),
        ("Has a LAEP been requested?", "No"),
        ("Notes", "Seen at home."),
    ] == list(
        zip(
            [each.get_text() for each in first.select("dt")],
            [each.get_text() for each in first.select("dd")],
            strict=True,
        )
    )


async def test_an_outcome_that_does_not_count_is_shown_as_not_saved(
    browser: Browser, outcomes: StandInOutcomes
) -> None:
    outcomes.outcomes = (an_outcome(ending=True, counted=False),)

    page = await browser.see(HERE)

    assert "Outcomes (0)" in page.texts(".nhsuk-tabs__tab")
    assert ["Not saved: the referral could not be archived"] == [each[:45] for each in page.texts("#outcomes strong")]


async def test_a_record_that_is_being_archived_says_so(browser: Browser, outcomes: StandInOutcomes) -> None:
    outcomes.being_archived = True

    page = await browser.see(HERE)

    assert ["The referral is being archived. This takes a moment."] == page.texts(".nhsuk-notification-banner__heading")


async def test_older_outcomes_are_one_click_further(browser: Browser, outcomes: StandInOutcomes) -> None:
    outcomes.outcomes = tuple(an_outcome(outcome_id=UUID(int=number)) for number in range(20))
    outcomes.more = True

    first = await browser.see(HERE)
    second = await browser.see(f"{HERE}?skip=20")

    assert [f"{HERE}?skip=20#outcomes"] == [str(each["href"]) for each in first.tree.select("#outcomes > p a")]
    assert 20 == [each for each in outcomes.asked if isinstance(each, ListOutcomes)][-1].skip
    assert f"{HERE}#outcomes" in [str(each["href"]) for each in second.tree.select("#outcomes > p a")]

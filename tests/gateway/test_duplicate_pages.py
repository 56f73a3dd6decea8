"""Tests of the pages of likely duplicates: before a second record is added, for the team, and on a linked record."""

import re
from uuid import UUID

import pytest

from gateway.ui.compare import facts_of
from shared.contracts.referrals.duplicates import CountDuplicates, DecideDuplicate, ListDuplicates, SameRecord
from shared.contracts.referrals.ended import EndedRecord, ListEndedBefore
from shared.contracts.referrals.reading import ReadRecord
from shared.contracts.referrals.saving import LikelyDuplicate, SubmitRecord, UpdateRecord
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from shared.registers.definition.lifecycle import LIKENESSES
from shared.registers.load import load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.filled import fields
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_matches import ONE, OTHER, StandInMatches
from tests.gateway.stand_in_outcomes import RECORD_ID, WHEN, StandInOutcomes
from tests.gateway.stand_in_referrals import StandInReferrals
from tests.gateway.test_record_pages import COMMAND, TYPED, typed_in
from tests.gateway.visit import Page

NEW, HERE, TEAM, HOME = "/dsr/records/new", f"/dsr/records/{RECORD_ID.hex}/", "/dsr/duplicates/", "/dsr/home/"
DRAFT = {"draft_version": "0", "draft_save": COMMAND}
FORM = {name: value for name, value in TYPED.items() if name != "version"} | DRAFT
HEADING = "This person may already be on the register"


@pytest.fixture
def matches() -> StandInMatches:
    return StandInMatches()


@pytest.fixture
def referrals() -> StandInReferrals:
    return StandInReferrals()


@pytest.fixture
async def browser(
    open_gateway: OpenGateway,
    identity: StandInIdentity,
    outcomes: StandInOutcomes,
    referrals: StandInReferrals,
    matches: StandInMatches,
) -> Browser:
    return await open_gateway(identity, outcomes, referrals, matches)


# -------------------------------------------------------------------------------------- before adding a second record
async def test_the_page_says_who_is_there_and_nothing_is_lost(browser: Browser, outcomes: StandInOutcomes) -> None:
    page = await browser.send(NEW, FORM, status=409)

    assert HEADING == page.heading
    assert ["DSR-7KQ2-M9XP"] == page.texts("main h2")
    said = page.tree.get_text()
    for fact in ("Tester Three", "07/02/2001", "Midlands Partnership Foundation Trust", "17/06/2022"):
        assert fact in said
    asked = {"duplicate", "duplicate-seen", "edition"}
    assert FORM == {name: value for name, value in fields(page).items() if name not in asked}
    assert ["Open the existing referral"] == page.texts(f'main a[href="{HERE}"]')
    assert [ReadRecord(record_id=RECORD_ID)] == [each for each in outcomes.asked if isinstance(each, ReadRecord)]


async def test_adding_all_the_same_sends_the_same_command_and_says_so(
    browser: Browser, matches: StandInMatches
) -> None:
    page = await browser.send(NEW, FORM, status=409)

    leads_to = await browser.go_on(NEW, fields(page) | {"duplicate": "add"})

    assert f"{HERE}added/" == leads_to
    first, second = [each for each in matches.asked if isinstance(each, SubmitRecord)]
    assert first.model_copy(update={"duplicates_seen": (RECORD_ID,)}) == second
    assert COMMAND == second.command_id.hex


async def test_going_back_shows_the_form_as_it_was_and_sends_nothing(browser: Browser, matches: StandInMatches) -> None:
    page = await browser.send(NEW, FORM, status=409)
    matches.asked.clear()

    form = await browser.send(NEW, fields(page) | {"duplicate": "back"}, status=200)

    assert [] == matches.asked
    assert FORM.items() <= fields(form).items()
    assert [] == form.problems


async def test_a_match_that_ended_meanwhile_leads_back_to_the_form(browser: Browser, outcomes: StandInOutcomes) -> None:
    outcomes.failing[ReadRecord] = Refused("not_found")

    page = await browser.send(NEW, FORM, status=409)

    assert page.problems[0].startswith("The referral that looked like this one has now been archived.")
    assert (COMMAND, "Jenny Harris") == (typed_in(page, "command"), typed_in(page, "lead_professional"))


async def test_matches_that_cannot_be_read_cost_nothing_that_was_typed(
    browser: Browser, outcomes: StandInOutcomes
) -> None:
    outcomes.failing[ReadRecord] = NotAnswered(Fault.UNAVAILABLE)

    page = await browser.send(NEW, FORM, status=503)

    assert (COMMAND, "Jenny Harris") == (typed_in(page, "command"), typed_in(page, "lead_professional"))


async def test_a_match_that_may_only_be_said_names_whom_to_ask(browser: Browser, matches: StandInMatches) -> None:
    matches.refusal = Refused("duplicate_unseen")
    email = load_registers().find("dsr").contact.team_email

    page = await browser.send(NEW, FORM, status=409)

    assert [f"Duplicate record already exists. You cannot see that record. Please ask {email}."] == page.problems
    assert "Jenny Harris" == typed_in(page, "lead_professional")


def test_another_number_than_the_one_that_is_there_is_said() -> None:
    register = load_registers().find("dsr")

    facts = [dict(facts_of(register, ONE, {}, typed)) for typed in ("9990000026", "9990000018", None)]

    differing, same, untyped = (str(each["NHS Number"]) for each in facts)
    assert "You typed 999 000 0026, which is a different number." in differing
    assert "999 000 0018" == same == untyped


# --------------------------------------------------------------------------------------------------- before an update
def takes_anothers_number(referrals: StandInReferrals) -> None:
    referrals.failing[UpdateRecord] = Refused(LikelyDuplicate(records=(RECORD_ID,)))


async def test_an_update_that_gives_a_record_the_number_of_another_is_asked_about(
    browser: Browser, referrals: StandInReferrals
) -> None:
    takes_anothers_number(referrals)
    page = await browser.send(HERE, TYPED | {"note_command": COMMAND, "text": "Seen at home."}, status=409)
    del referrals.failing[UpdateRecord]

    saved = await browser.send(HERE, fields(page) | {"duplicate": "add"}, status=200)

    assert (HEADING, ["Different person \u2013 save all the same", "Go back"]) == (
        page.heading,
        page.texts("main button"),
    )
    assert "Seen at home." == fields(page)["text"]
    *_, update = referrals.heard(UpdateRecord)
    assert ((RECORD_ID,), COMMAND, 4) == (update.duplicates_seen, update.command_id.hex, update.version)
    assert "The referral has been updated." in saved.tree.get_text()


async def test_going_back_from_that_question_shows_the_record_with_what_was_typed(
    browser: Browser, referrals: StandInReferrals
) -> None:
    takes_anothers_number(referrals)
    page = await browser.send(HERE, TYPED | {"lead_professional": "Someone Else"}, status=409)
    asked = len(referrals.heard(UpdateRecord))

    again = await browser.send(HERE, fields(page) | {"duplicate": "back"}, status=200)

    assert (asked, "Someone Else") == (len(referrals.heard(UpdateRecord)), typed_in(again, "lead_professional"))


# ----------------------------------------------------------------------------------------------------- the team's page
async def test_a_pair_that_no_rule_found_says_why_it_is_there(browser: Browser, matches: StandInMatches) -> None:
    (pair,) = matches.pairs
    whys = tuple(pair.model_copy(update={"why": why}) for why in (None, *LIKENESSES))
    matches.pairs = whys

    page = await browser.see(TEAM)

    said = [" ".join(each.split()) for each in page.texts("main section > p")]
    assert "Found 17/06/2022. View DSR-2222-2222, View DSR-3333-3333" == said[0]
    assert said[1].startswith("Found 17/06/2022. The first and the family name are the other way round. View")
    assert len(whys) == len(set(said))


async def test_the_two_stand_beside_each_other_with_what_differs(browser: Browser) -> None:
    page = await browser.see(TEAM)

    assert "Possible duplicates" == page.heading
    rows = {cells[0]: cells[1:] for cells in _rows(page)}
    assert ["Tester Three", "Tester <b>Tree</b>", "Different"] == rows["Name"]
    assert ["07/02/2001", "07/02/2001", "Same"] == rows["Date of Birth"]
    assert ["999 000 0018", "999 000 0018", "Same"] == next(cells for name, cells in rows.items() if "NHS" in name)
    assert ["Not recorded", "ST5 0RG", "Not enough information"] == rows["Postcode"]
    assert ["Green", "Red", "Different"] == rows["Rating"]


def _rows(page: Page) -> list[list[str]]:
    """Return the cells of the table without the headings that a phone shows beside them."""
    for heading in page.tree.select("tbody .nhsuk-table__heading"):
        heading.extract()
    return [
        [" ".join(cell.get_text().split()) for cell in row.select("th, td")] for row in page.tree.select("tbody tr")
    ]


@pytest.mark.parametrize(("act", "verdict"), [("link", "linked"), ("dismiss", "dismissed")])
async def test_a_decision_is_sent_and_the_page_says_so(
    browser: Browser, matches: StandInMatches, act: str, verdict: str
) -> None:
    page = await browser.see(TEAM)

    leads_to = await browser.go_on(TEAM, fields(page) | {"act": act})

    assert f"{TEAM}?notice={verdict}" == leads_to
    (decision,) = [each for each in matches.asked if isinstance(each, DecideDuplicate)]
    assert (ONE.record_id, OTHER.record_id, verdict) == (decision.one, decision.other, decision.verdict)
    matches.pairs, matches.total = (), 0
    after = await browser.see(leads_to)
    assert 1 == len(after.texts(".nhsuk-notification-banner--success"))
    assert "No possible duplicates are waiting." in after.texts("main p")


async def test_the_second_to_decide_learns_who_was_first(browser: Browser, matches: StandInMatches) -> None:
    form = fields(await browser.see(TEAM))
    matches.before, matches.pairs, matches.total = True, (), 0

    page = await browser.send(TEAM, form | {"act": "link"}, status=409)

    assert (
        "Sam Second already linked these two referrals, 17/06/2022 at 14:05. Nothing was changed."
        == (page.texts(".nhsuk-notification-banner__content")[0])
    )


async def test_the_teams_page_leads_back_to_home_from_where_one_came(browser: Browser) -> None:
    page = await browser.see(TEAM)

    assert ["Home"] == page.texts('.nhsuk-back-link[href="/dsr/home/"]')
    assert [] == page.texts('.nhsuk-header__navigation [aria-current="page"]')


async def test_a_decision_without_an_answer_can_be_made_again(browser: Browser, matches: StandInMatches) -> None:
    form = fields(await browser.see(TEAM))
    matches.failing[DecideDuplicate] = NotAnswered(Fault.TOO_LATE)

    page = await browser.send(TEAM, form | {"act": "link"}, status=503)

    assert page.texts(".nhsuk-notification-banner__content")[0].startswith("We could not confirm that this was saved.")


@pytest.mark.parametrize("wrong", [{"act": "merge"}, {"one": "nobody"}, {"command": "none"}])
async def test_what_is_not_our_form_is_not_sent_on(
    browser: Browser, matches: StandInMatches, wrong: dict[str, str]
) -> None:
    form = fields(await browser.see(TEAM)) | {"act": "link"}

    await browser.send(TEAM, form | wrong, status=400)

    assert [] == [each for each in matches.asked if isinstance(each, DecideDuplicate)]


async def test_pairs_that_do_not_fit_the_page_are_counted(browser: Browser, matches: StandInMatches) -> None:
    matches.total = 3

    assert "Possible duplicates waiting: 2" in (await browser.see(TEAM)).texts("main p")


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING, Role.MASTER_ADMIN])
async def test_the_page_is_closed_to_others_and_nothing_is_asked_for_them(
    browser: Browser, identity: StandInIdentity, matches: StandInMatches, role: Role
) -> None:
    identity.role = role
    browser.come_in(identity)

    page = await browser.see(HOME)
    await browser.see(TEAM, status=403)

    assert (False, []) == (
        TEAM in page.html,
        [each for each in matches.asked if isinstance(each, ListDuplicates | CountDuplicates)],
    )


# ---------------------------------------------------------------------------------------------------- home and record
async def test_home_leads_there_while_pairs_wait(browser: Browser, matches: StandInMatches) -> None:
    waiting = await browser.see(HOME)
    matches.total = 0
    none = await browser.see(HOME)
    matches.failing[CountDuplicates] = NotAnswered(Fault.UNAVAILABLE)
    unknown = await browser.see(HOME)

    assert ["Possible duplicates waiting: 1"] == waiting.texts(f'main a[href="{TEAM}"]')
    assert [[], []] == [page.texts(f'main a[href="{TEAM}"]') for page in (none, unknown)]


async def test_a_linked_record_shows_the_highest_rating_and_whose_it_is(
    browser: Browser, outcomes: StandInOutcomes
) -> None:
    outcomes.answers = outcomes.answers | {"risk_level": "green"}
    outcomes.same_person = (
        SameRecord(
            record_id=OTHER.record_id,
            reference=OTHER.reference,
            organisation_id=OTHER.organisation_id,
            rating="red",
        ),
    )

    page = await browser.see(HERE)

    assert ["Red"] == page.texts(".ics-identity__mark")
    said = " ".join(page.tree.get_text().split())
    assert "This is the highest rating among the person's referrals. This one is rated Green." in said
    assert "Also on the register: DSR-3333-3333, Stoke on Trent City Council (@stoke.gov.uk), rated Red" in said
    assert page.texts(f'main a[href="/dsr/records/{OTHER.record_id.hex}/"]') == ["DSR-3333-3333"]


async def test_an_unlinked_record_shows_its_own(browser: Browser, outcomes: StandInOutcomes) -> None:
    outcomes.answers = outcomes.answers | {"risk_level": "green"}

    page = await browser.see(HERE)

    (mark,) = page.texts(".ics-identity__mark")
    assert re.fullmatch(r"Green Rated \d+ years?(, \d+ months?)? ago", mark)
    assert "Also on the register" not in page.html


# -------------------------------------------------------------------------------------------- archived before
def archived_of(record_id: UUID) -> EndedRecord:
    return EndedRecord(record_id=record_id, ended_id=UUID(int=23), reference="DSR-4444-4444", ended_at=WHEN)


async def test_the_team_sees_that_the_person_was_archived_before(browser: Browser, matches: StandInMatches) -> None:
    matches.ended = (archived_of(RECORD_ID), archived_of(ONE.record_id), archived_of(OTHER.record_id))

    record, pairs = await browser.see(HERE), await browser.see(TEAM)

    link = f'a[href="/dsr/records/{UUID(int=23).hex}/"]'
    assert ["DSR-4444-4444"] == record.texts(link) == pairs.texts(link)
    assert "Archived before: DSR-4444-4444, 17/06/2022" in record.texts("p")
    assert "Archived before: DSR-4444-4444, 17/06/2022" in pairs.texts("p")


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING])
async def test_nobody_else_is_told_or_asks(
    browser: Browser, matches: StandInMatches, identity: StandInIdentity, role: Role
) -> None:
    matches.ended = (archived_of(RECORD_ID),)
    identity.role = role
    browser.come_in(identity)

    page = await browser.see(HERE)

    assert ([], False) == (matches.heard(ListEndedBefore), "DSR-4444-4444" in page.html)

"""Tests of the pages of drafts: they are offered by name, never filled in automatically, and never in the way."""

import json
from uuid import UUID

import pytest
from bs4 import BeautifulSoup

from gateway.pages.records.submit import gate_for_script
from shared.contracts.referrals.drafts import (
    DiscardDraft,
    DraftChanged,
    DraftSent,
    ListDrafts,
    ReadDraft,
    SaveDraft,
    TooManyDrafts,
)
from shared.contracts.referrals.saving import SubmitRecord, SubmittedBefore
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from shared.registers.definition.lifecycle import GateRule
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.filled import fields
from tests.gateway.stand_in_drafts import STARTED, StandInDrafts
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_referrals import StandInReferrals
from tests.rules.typed import dsr
from tests.walking import a_referral

NEW, SAVE = "/dsr/records/new", "/dsr/records/new/draft"
COMMAND = "0123456789abcdef0123456789abcdef"
TYPED = {"command": COMMAND, "first_name": "Jo", "date_of_birth-day": "99", "latest_update": "Two\nlines"}
REFUSING = TYPED | {"capacity_to_consent": "yes", "consent_given": "no"}
SENT = {"lead_professional_contact": "01782 000000", **a_referral(first_name="Jo", risk_level="red")}
SCRIPT = {"X-Fragment": "draft"}
VERSION, SAVE_ID = "draft_version", "draft_save"
RECORD = UUID(int=7)
CHANGED = (
    "This draft was changed in another tab or on another computer. "
    "Nothing is saved here until you choose at the end of this form."
)
FOUND = "Jo, started 22/11/2022 at 14:05, not submitted"


@pytest.fixture
def drafts() -> StandInDrafts:
    return StandInDrafts()


@pytest.fixture
def identity() -> StandInIdentity:
    return StandInIdentity(role=Role.STANDARD)


@pytest.fixture
async def browser(open_gateway: OpenGateway, drafts: StandInDrafts, identity: StandInIdentity) -> Browser:
    return await open_gateway(identity, drafts)


async def told(browser: Browser, sent: dict[str, str]) -> dict[str, object]:
    """Save as the script does, and return what it is told."""
    answer = await browser.post(SAVE, sent, headers=SCRIPT)
    assert (200, "application/json") == (answer.status, answer.content_type)
    values: dict[str, object] = await answer.json()
    return values


@pytest.mark.requirement("R-FLOW-016")
async def test_without_drafts_the_form_comes_at_once_and_empty(browser: Browser) -> None:
    page = await browser.see(NEW)

    assert "New Referral" == page.heading
    assert [] == page.tree.select(".ics-identity")
    assert "A referral to the DSR does not stop or replace a referral for a LAEP meeting or C(E)TR" in page.html


async def test_a_draft_is_offered_by_name_and_never_filled_in_by_itself(browser: Browser) -> None:
    await browser.go_on(SAVE, TYPED)

    page, home = await browser.see(NEW), await browser.see("/dsr/home/")

    for each in (page, home):
        assert [FOUND] == each.texts(".ics-drafts dt")
        assert ["Continue Jo", "Discard Jo"] == each.texts(".ics-drafts a")
    empty = await browser.see(f"{NEW}?start")
    assert [] == empty.tree.select('[name="first_name"][value]')


async def test_a_draft_is_gone_on_with_as_it_was_typed_under_its_own_command(browser: Browser) -> None:
    leads_to = await browser.go_on(SAVE, TYPED)

    page = await browser.see(leads_to)

    assert (f"{NEW}?draft={COMMAND}&notice=saved", ["Jo"]) == (leads_to, page.texts(".ics-identity__name"))
    assert ["What you typed is saved as a draft."] == page.texts(".nhsuk-notification-banner__content")
    shown = {name: page.tree.select_one(f'main [name="{name}"]') for name in TYPED}
    assert TYPED == {
        name: str(tag["value"]) if tag.has_attr("value") else tag.get_text().strip()
        for name, tag in shown.items()
        if tag is not None
    }


async def test_the_script_is_told_what_was_saved_and_what_the_page_knows_from_now_on(browser: Browser) -> None:
    first = await told(browser, TYPED)
    second = await told(browser, TYPED | {VERSION: str(first[VERSION]), SAVE_ID: str(first[SAVE_ID])})

    assert ("Draft saved at 14:05", "", True, "1") == tuple(
        first[name] for name in ("said", "panel", "is_saved", VERSION)
    )
    assert ("2", True) == (second[VERSION], first[SAVE_ID] != second[SAVE_ID])


@pytest.mark.requirement("R-DSR-057")
async def test_a_page_that_is_behind_is_told_so_and_saves_over_nothing_unless_its_user_says_so(
    browser: Browser, drafts: StandInDrafts
) -> None:
    await browser.go_on(SAVE, TYPED)
    older = TYPED | {"first_name": "Older"}

    script = await told(browser, older)
    page = await browser.send(SAVE, older, status=409)

    assert ("Jo",) == drafts.kept[UUID(COMMAND)]["first_name"]
    assert (CHANGED, False) == (script["said"], script["is_saved"])
    for html in (str(script["panel"]), str(page.tree.select_one("#draft-overtaken"))):
        panel = BeautifulSoup(html, "html.parser")
        (link,), (over,) = panel.select("a[href]"), panel.select("button")
        assert (f"{NEW}?draft={COMMAND}", "_blank") == (link["href"], link["target"])
        assert ("over", "1", SAVE) == (over["name"], over["value"], over["formaction"])
    assert (CHANGED, "#draft-overtaken") == (page.problems[0], page.tree.select(".nhsuk-error-summary a")[0]["href"])
    assert "Older" == page.tree.select('main [name="first_name"]')[0]["value"]
    await browser.go_on(SAVE, older | {"over": "1"})
    assert ("Older",) == drafts.kept[UUID(COMMAND)]["first_name"]


async def test_a_draft_that_was_continued_saves_over_the_version_that_was_shown(browser: Browser) -> None:
    page = await browser.see(await browser.go_on(SAVE, TYPED))
    shown = {name: str(page.tree.select(f'main [name="{name}"]')[0]["value"]) for name in (VERSION, SAVE_ID)}

    assert "1" == shown[VERSION]
    await browser.go_on(SAVE, TYPED | shown)


@pytest.mark.parametrize(("record", "links"), [(RECORD, [f"/dsr/records/{RECORD.hex}/"]), (None, [])])
async def test_after_the_draft_was_sent_other_pages_say_that_it_was_added(
    browser: Browser, drafts: StandInDrafts, record: UUID | None, links: list[str]
) -> None:
    drafts.failing[SaveDraft] = Refused(DraftSent(record_id=record))

    script, page = await told(browser, TYPED), await browser.send(SAVE, TYPED, status=409)

    said = "This referral was sent in another tab or on another computer, and has been added."
    assert (said, said) == (str(script["said"])[: len(said)], page.problems[0][: len(said)])
    for html in (str(script["panel"]), str(page.tree.select_one("#draft-overtaken"))):
        assert links == [each["href"] for each in BeautifulSoup(html, "html.parser").select("a")]
    assert "Jo" == page.tree.select('main [name="first_name"]')[0]["value"]


async def test_the_address_of_a_draft_that_was_sent_leads_to_what_was_added(
    browser: Browser, drafts: StandInDrafts
) -> None:
    drafts.failing[ReadDraft] = Refused(DraftSent(record_id=RECORD))

    leads_to = {await browser.sent_to(f"{NEW}{path}") for path in (f"?draft={COMMAND}", f"/discard/{COMMAND}/")}

    assert {f"/dsr/records/{RECORD.hex}/?notice=added"} == leads_to


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (Refused("discarded"), "It was discarded in another tab or on another computer."),
        (Refused(TooManyDrafts(most=20)), "You already have 20 drafts."),
        (Refused("too_big"), "This is too much to be saved as a draft."),
        (NotAnswered(Fault.UNAVAILABLE), "Sorry, this is not available at the moment."),
    ],
)
async def test_what_cannot_be_saved_stays_on_the_page(
    browser: Browser, drafts: StandInDrafts, failure: Refused | NotAnswered, said: str
) -> None:
    drafts.failing[SaveDraft] = failure
    status = 409 if isinstance(failure, Refused) else 503

    page = await browser.send(SAVE, TYPED, status=status)
    answer = await browser.post(SAVE, TYPED, headers=SCRIPT)

    assert said == page.problems[0][: len(said)]
    field = page.tree.select_one('main [name="first_name"]')
    assert field is not None
    assert ("Jo", 200 if status == 409 else status) == (field["value"], answer.status)


async def test_a_text_that_no_draft_holds_stays_on_the_page(browser: Browser, drafts: StandInDrafts) -> None:
    page = await browser.send(SAVE, TYPED | {"latest_update": "x" * 200_001}, status=409)

    assert "This is too much to be saved as a draft." == page.problems[0][:40]
    assert {} == drafts.kept


@pytest.mark.requirement("R-FLOW-019")
@pytest.mark.parametrize("path", [NEW, SAVE])
async def test_refusing_consent_asks_once_and_then_deletes_the_draft(
    browser: Browser, drafts: StandInDrafts, path: str
) -> None:
    await browser.go_on(SAVE, TYPED)

    asked = await browser.send(path, REFUSING, status=409)
    kept = len(drafts.kept)
    page = await browser.send(NEW, REFUSING | {"closing": "confirm"}, status=409)

    assert ["Go back to the form", "Close without saving"] == asked.texts("main button")
    assert (1, {}) == (kept, drafts.kept)
    assert "Nothing that you typed has been kept." in page.texts("main p")
    assert [] == page.tree.select("main form")


async def test_going_back_from_the_question_loses_nothing_that_was_typed(
    browser: Browser, drafts: StandInDrafts
) -> None:
    await browser.go_on(SAVE, TYPED)
    asked = await browser.send(NEW, REFUSING | {VERSION: "1"}, status=409)

    page = await browser.send(NEW, fields(asked) | {"closing": "back"}, status=200)

    assert ("New Referral", "Jo", "Two\nlines") == (
        page.heading,
        page.tree.select('main [name="first_name"]')[0]["value"],
        page.tree.select('main [name="latest_update"]')[0].get_text().strip(),
    )
    assert [UUID(COMMAND)] == list(drafts.kept)
    assert "1" == page.tree.select(f'main [name="{VERSION}"]')[0]["value"]


async def test_who_refused_consent_by_mistake_starts_again_with_an_empty_form(browser: Browser) -> None:
    page = await browser.send(NEW, REFUSING | {"closing": "confirm"}, status=409)

    (again,) = page.tree.select(f'main a[href="{NEW}"]')
    assert "Start again" == again.get_text(strip=True)
    assert any(text.endswith("a draft of this form has been deleted.") for text in page.texts("main p"))
    assert [] == page.tree.select("main form")
    empty = await browser.see(NEW)
    assert [""] == [str(each.get("value", "")) for each in empty.tree.select('main [name="first_name"]')]


@pytest.mark.requirement("R-FLOW-019")
async def test_nobody_is_told_that_nothing_is_kept_before_the_draft_is_gone(
    browser: Browser, drafts: StandInDrafts
) -> None:
    await browser.go_on(SAVE, TYPED)
    drafts.failing[DiscardDraft] = NotAnswered(Fault.UNAVAILABLE)

    page = await browser.send(NEW, REFUSING | {"closing": "confirm"}, status=503)

    assert ("Sorry, the service is unavailable", 1) == (page.heading, len(drafts.kept))


async def test_the_form_holds_the_definitions_refusal_and_its_rules_for_the_script(browser: Browser) -> None:
    page = await browser.see(f"{NEW}?start")

    (refusal,) = page.tree.select("#refusal[hidden]")
    assert "This person cannot be added to the register" in refusal.get_text()
    assert {"needed", "rules"} == json.loads(str(refusal["data-gate"])).keys()
    assert ["Close without saving"] == page.texts("[data-if-refused][hidden] button")


def test_the_script_leaves_a_rule_open_that_goes_by_age() -> None:
    """It does not know the age. A wrong refusal would hide the button that adds the person."""
    consent = dsr().consent
    assert consent is not None
    too_young = GateRule(when=({"capacity_to_consent": ("yes",)},), oldest=15, on="consent_date", verdict="refused")
    by_age = consent.model_copy(update={"rules": (too_young, *consent.rules)})

    told = json.loads(gate_for_script(dsr().model_copy(update={"consent": by_age})))

    assert [[{"capacity_to_consent": ["yes"]}], "open"] == told["rules"][0]
    assert {"accepted", "refused"} >= {verdict for _, verdict in told["rules"][1:]}


async def test_a_script_saves_no_draft_of_somebody_who_refuses_and_the_browser_reports_no_error(
    browser: Browser, drafts: StandInDrafts
) -> None:
    drafts.failing[SaveDraft] = Refused("no_consent")

    assert "Drafts are not saved for a person who has not consented." == (await told(browser, REFUSING))["said"]


async def test_a_draft_is_discarded_after_one_question(browser: Browser, drafts: StandInDrafts) -> None:
    await browser.go_on(SAVE, TYPED)
    asked = await browser.see(f"{NEW}/discard/{COMMAND}/")
    assert ("Discard this draft?", FOUND) == (asked.heading, asked.texts("main p")[0])
    assert [UUID(COMMAND)] == list(drafts.kept)

    page = await browser.see(await browser.go_on(f"{NEW}/discard/{COMMAND}/"))

    assert (["The draft has been discarded."], {}) == (page.texts(".nhsuk-notification-banner__content"), drafts.kept)


@pytest.mark.requirement("R-DSR-057")
async def test_sending_from_a_page_that_is_behind_asks_before_the_newer_draft_is_deleted(
    open_gateway: OpenGateway, identity: StandInIdentity
) -> None:
    referrals = StandInReferrals()
    referrals.failing[SubmitRecord] = Refused(DraftChanged(version=4, saved_at=STARTED))
    browser = await open_gateway(identity, referrals)
    behind = SENT | {"command": COMMAND, VERSION: "3", SAVE_ID: COMMAND}

    page = await browser.send(NEW, behind, status=409)
    (over,) = page.tree.select("#draft-overtaken button")
    del referrals.failing[SubmitRecord]
    await browser.go_on(NEW, behind | {str(over["name"]): str(over["value"])})

    assert (NEW, ["This draft was changed elsewhere"]) == (over["formaction"], page.problems)
    assert [3, 4] == [asked.draft.version for asked in referrals.heard(SubmitRecord) if asked.draft]
    assert "Jo" == page.tree.select('main [name="first_name"]')[0]["value"]


@pytest.mark.parametrize(("record", "links"), [(RECORD, [f"/dsr/records/{RECORD.hex}/"]), (None, [])])
async def test_a_form_that_was_sent_before_says_what_it_added(
    open_gateway: OpenGateway, identity: StandInIdentity, record: UUID | None, links: list[str]
) -> None:
    referrals = StandInReferrals()
    referrals.failing[SubmitRecord] = Refused(SubmittedBefore(record_id=record))
    browser = await open_gateway(identity, referrals)

    page = await browser.send(NEW, SENT | {"command": COMMAND}, status=409)

    said = "This referral was sent before with other answers, and has been added."
    assert (said, links) == (page.problems[0][: len(said)], [a["href"] for a in page.tree.select("#draft-overtaken a")])


@pytest.mark.parametrize("path", [f"{NEW}?draft={COMMAND}", f"{NEW}?draft=x", f"{NEW}/discard/{COMMAND}/"])
async def test_a_draft_that_is_not_there_is_not_found(browser: Browser, path: str) -> None:
    assert "Page not found" == (await browser.see(path, status=404)).heading


async def test_a_draft_of_another_edition_says_that_the_form_has_changed(
    browser: Browser, drafts: StandInDrafts
) -> None:
    await browser.go_on(SAVE, TYPED)
    drafts.edition = "2019"

    page = await browser.see(f"{NEW}?draft={COMMAND}")

    assert "This form has changed since you opened it." == page.problems[0][:42]


async def test_while_drafts_cannot_be_had_a_form_can_be_started(browser: Browser, drafts: StandInDrafts) -> None:
    drafts.failing[ListDrafts] = NotAnswered(Fault.UNAVAILABLE)

    assert ("New Referral", "Home") == ((await browser.see(NEW)).heading, (await browser.see("/dsr/home/")).heading)


@pytest.mark.parametrize("role", [Role.REPORTING, Role.MASTER_ADMIN])
async def test_who_adds_nobody_is_offered_none(browser: Browser, identity: StandInIdentity, role: Role) -> None:
    await browser.go_on(SAVE, TYPED)
    identity.role = role

    assert [] == (await browser.see("/dsr/home/")).tree.select(".ics-drafts")
    assert 403 == (await browser.post(SAVE, TYPED)).status

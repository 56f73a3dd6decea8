"""Tests of the pages of drafts: they are offered by name, never filled in automatically, and never in the way."""

from uuid import UUID

import pytest

from shared.contracts.referrals.drafts import DiscardDraft, ListDrafts, SaveDraft, TooManyDrafts
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in_drafts import StandInDrafts
from tests.gateway.stand_in_identity import StandInIdentity

NEW, SAVE = "/dsr/records/new", "/dsr/records/new/draft"
COMMAND = "0123456789abcdef0123456789abcdef"
TYPED = {"command": COMMAND, "first_name": "Jo", "date_of_birth-day": "99", "latest_update": "Two\nlines"}
REFUSING = TYPED | {"capacity_to_consent": "yes", "consent_given": "no"}
SCRIPT = {"X-Fragment": "draft"}
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


async def test_the_script_is_answered_in_a_sentence(browser: Browser) -> None:
    answer = await browser.post(SAVE, TYPED, headers=SCRIPT)

    assert (200, "text/plain", "Draft saved at 14:05") == (answer.status, answer.content_type, await answer.text())


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (Refused("sent"), "This draft was sent or discarded elsewhere."),
        (Refused("discarded"), "This draft was sent or discarded elsewhere."),
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
    assert ("Jo", status) == (field["value"], answer.status)


async def test_a_text_that_no_draft_holds_stays_on_the_page(browser: Browser, drafts: StandInDrafts) -> None:
    page = await browser.send(SAVE, TYPED | {"latest_update": "x" * 200_001}, status=409)

    assert "This is too much to be saved as a draft." == page.problems[0][:40]
    assert {} == drafts.kept


@pytest.mark.requirement("R-FLOW-019")
async def test_refusing_consent_deletes_the_draft(browser: Browser, drafts: StandInDrafts) -> None:
    await browser.go_on(SAVE, TYPED)

    await browser.send(NEW, REFUSING, status=409)

    assert {} == drafts.kept


async def test_who_refused_consent_by_mistake_starts_again_with_an_empty_form(browser: Browser) -> None:
    page = await browser.send(NEW, REFUSING, status=409)

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

    page = await browser.send(NEW, REFUSING, status=503)

    assert ("Sorry, the service is unavailable", 1) == (page.heading, len(drafts.kept))


async def test_saving_a_draft_of_somebody_who_refuses_shows_the_refusal(
    browser: Browser, drafts: StandInDrafts
) -> None:
    drafts.failing[SaveDraft] = Refused("no_consent")

    page = await browser.send(SAVE, REFUSING, status=409)
    answer = await browser.post(SAVE, REFUSING, headers=SCRIPT)

    assert [] == page.tree.select('main [name="first_name"]')
    assert "Drafts are not saved for a person who has not consented." == await answer.text()


async def test_a_draft_is_discarded_after_one_question(browser: Browser, drafts: StandInDrafts) -> None:
    await browser.go_on(SAVE, TYPED)
    asked = await browser.see(f"{NEW}/discard/{COMMAND}/")
    assert ("Discard this draft?", FOUND) == (asked.heading, asked.texts("main p")[0])
    assert [UUID(COMMAND)] == list(drafts.kept)

    page = await browser.see(await browser.go_on(f"{NEW}/discard/{COMMAND}/"))

    assert (["The draft has been discarded."], {}) == (page.texts(".nhsuk-notification-banner__content"), drafts.kept)


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

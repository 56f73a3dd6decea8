"""Tests of naming the authority for rows without consent, and of the list of those whose consent is to be confirmed."""

from datetime import timedelta

import pytest

from shared.clock import utc_now
from shared.contracts.referrals.consent import NameConsentAuthority
from shared.contracts.referrals.loading import ConsentAuthority
from shared.messages import Refused
from shared.permissions import AccountGrant, Role
from shared.values import london_day
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.loading.reading import COMMAND, HERE, main
from tests.gateway.stand_in_caseload import StandInCaseload, to_confirm
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_outcomes import RECORD_ID
from tests.gateway.stand_in_uploads import COUNTS, WHEN, StandInUploads, is_checked

CONSENT = f"{HERE}consent/"
LIST = "/dsr/consent/"
SOME = COUNTS.model_copy(update={"unconsented": 3})
DUE = london_day(utc_now()) + timedelta(days=30)
GIVEN = {
    "command": COMMAND,
    "words": "Agreed by the Caldicott Guardian",
    "due-day": str(DUE.day),
    "due-month": str(DUE.month),
    "due-year": str(DUE.year),
}


def waits(uploads: StandInUploads, *, authority: ConsentAuthority | None = None, may_name: bool = True) -> None:
    is_checked(uploads, counts=SOME, may_name_authority=may_name, authority=authority)


@pytest.mark.requirement("R-LOAD-003")
async def test_an_officer_names_the_authority_for_all_rows_without_consent(
    browser: Browser, uploads: StandInUploads
) -> None:
    waits(uploads)
    page = await browser.see(HERE)
    assert CONSENT in [str(each["href"]) for each in page.tree.select("main a")]
    assert "Rows that are errors only because they have no answer about consent: 3." in main(page)
    await browser.see(CONSENT)

    assert HERE == await browser.go_on(CONSENT, GIVEN)

    (asked,) = uploads.heard(NameConsentAuthority)
    assert ("Agreed by the Caldicott Guardian", DUE) == (asked.words, asked.due_on)
    uploads.put("checked", counts=SOME, may_name_authority=True)
    named = main(await browser.see(HERE))
    assert "Authority: Agreed by the Caldicott Guardian (named by Gail Thomas" in named


@pytest.mark.requirement("R-LOAD-003")
@pytest.mark.parametrize(
    ("changes", "anchor", "said"),
    [
        ({"words": ""}, "#words", "Say who decided this, when, and why"),
        ({"words": "x" * 501}, "#words", "This text is too long. Shorten it to 500 characters."),
        ({"due-day": "", "due-month": "", "due-year": ""}, "#due-day", "Enter the day by which consent is to be"),
        ({"due-day": "31", "due-month": "2"}, "#due-day", "By when is consent to be confirmed?"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    browser: Browser, uploads: StandInUploads, changes: dict[str, str], anchor: str, said: str
) -> None:
    waits(uploads)
    await browser.see(CONSENT)
    typed = GIVEN | changes

    page = await browser.send(CONSENT, typed)

    (link,) = page.tree.select(".nhsuk-error-summary a")
    assert anchor == link["href"]
    assert said in link.get_text()
    assert [typed["words"]] == page.texts("#words")
    assert [] == uploads.heard(NameConsentAuthority)


@pytest.mark.requirement("R-LOAD-003")
@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("due_on", 409, "The day must be after today, and in the next 12 months"),
        ("not_officer", 409, "Only a privacy officer of the register can name an authority."),
        ("not_checked", 409, "The upload has changed since you opened this page."),
    ],
)
async def test_a_refusal_is_said_in_words(
    browser: Browser, uploads: StandInUploads, code: str, status: int, said: str
) -> None:
    waits(uploads)
    await browser.see(CONSENT)
    uploads.failing[NameConsentAuthority] = Refused(code)

    page = await browser.send(CONSENT, GIVEN, status=status)

    assert said in main(page)


@pytest.mark.requirement("R-LOAD-003")
async def test_nobody_else_is_offered_it_and_a_second_click_shows_the_upload(
    browser: Browser, uploads: StandInUploads
) -> None:
    waits(uploads, may_name=False)
    page = main(await browser.see(HERE))
    assert "A privacy officer can name an authority for them." in page
    assert HERE == await browser.sent_to(CONSENT)

    uploads.put("checking")

    assert HERE == await browser.go_on(CONSENT, GIVEN)
    assert [] == uploads.heard(NameConsentAuthority)


@pytest.mark.requirement("R-LOAD-003")
async def test_the_confirmation_says_how_many_go_on_without_consent(browser: Browser, uploads: StandInUploads) -> None:
    named = ConsentAuthority(words="Agreed", due_on=DUE, named_by="Gail Thomas", named_at=WHEN)
    waits(uploads, authority=named)

    page = main(await browser.see(f"{HERE}process/"))

    assert "without an answer about consent, by the authority that was named: 3" in page


@pytest.mark.requirement("R-LOAD-003")
async def test_the_list_shows_each_record_with_its_day_and_authority(open_gateway: OpenGateway) -> None:
    records = (to_confirm("Percy Plum", -1), to_confirm("Jo Lark", 30))
    browser = await open_gateway(StandInIdentity(role=Role.STANDARD), StandInCaseload(unconsented=records))

    home = await browser.see("/dsr/home/")
    page = await browser.see(LIST)

    cards = {each.get_text().strip(): str(each["href"]) for each in home.tree.select("main a")}
    assert LIST == cards["Consent to be confirmed: 2, of these overdue: 1"]
    first, second = page.texts("tbody tr")
    assert ("Percy Plum" in first, "Overdue" in first) == (True, True)
    assert ("Jo Lark" in second, "Overdue" in second) == (True, False)
    assert "Agreed by the Caldicott Guardian" in first
    assert f"/dsr/records/{RECORD_ID.hex}/" in [str(each["href"]) for each in page.tree.select("tbody a")]
    assert "Showing 1 to 2 of 2 entries" in main(page)


@pytest.mark.requirement("R-LOAD-003")
async def test_an_empty_list_says_so_and_is_not_on_the_home_page(open_gateway: OpenGateway) -> None:
    browser = await open_gateway(StandInIdentity(role=Role.STANDARD), StandInCaseload())

    assert "No referral waits for its consent to be confirmed." in main(await browser.see(LIST))
    assert "Consent to be confirmed" not in main(await browser.see("/dsr/home/"))


async def test_who_may_not_update_records_does_not_see_the_list(open_gateway: OpenGateway) -> None:
    grants = (AccountGrant.BULK_LOAD,)
    browser = await open_gateway(StandInIdentity(role=Role.REPORTING, grants=grants), StandInCaseload())

    assert 403 == (await browser.client.get(LIST)).status

"""Tests of the way back from a record to the list as it was, in this session and for this user alone."""

import base64
from uuid import UUID

import pytest

from gateway.pages.records.last_list import LONGEST
from shared.contracts.referrals.listing import ListRecords, Narrowing
from shared.permissions import Role
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers, load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in_identity import ORGANISATIONS, StandInIdentity
from tests.gateway.stand_in_outcomes import RECORD_ID, StandInOutcomes
from tests.gateway.stand_in_referrals import StandInReferrals
from tests.gateway.test_list_pages import StandInList
from tests.gateway.visit import Page

pytestmark = pytest.mark.requirement("R-USE-004")

LIST, RECORD = "/dsr/records/", f"/dsr/records/{RECORD_ID.hex}/"
COOKIE = "__Host-ics-list-dsr"
NARROWED = f"{LIST}?rating=red&sort=name-turned&length=25&page=2"
PAGES = ("", "change/", "outcomes/", "text/")


@pytest.fixture
def identity() -> StandInIdentity:
    return StandInIdentity(role=Role.ADMINISTRATOR, organisation_ids=tuple(x.organisation_id for x in ORGANISATIONS))


@pytest.fixture
def lister() -> StandInList:
    return StandInList()


@pytest.fixture
async def browser(open_gateway: OpenGateway, identity: StandInIdentity, lister: StandInList) -> Browser:
    return await open_gateway(identity, lister)


def last_asked(lister: StandInList) -> ListRecords:
    return lister.heard(ListRecords)[-1]


def back_on(page: Page) -> str:
    return str(page.tree.select(".nhsuk-back-link")[0]["href"])


async def test_the_lists_own_address_shows_it_as_it_was(browser: Browser, lister: StandInList) -> None:
    await browser.see(NARROWED)
    asked = last_asked(lister)

    await browser.see(LIST)

    assert asked == last_asked(lister)
    assert (Narrowing(ratings=("red",)), "name", True, 25, 2) == (
        asked.narrowing,
        asked.sort,
        asked.turned,
        asked.length,
        asked.page,
    )


async def test_what_a_form_or_a_script_chooses_is_kept_too(browser: Browser, lister: StandInList) -> None:
    await browser.see(LIST)
    await browser.go_on(LIST, {"rating": "red", "sort": "created"})
    await browser.see(LIST)
    by_form = last_asked(lister)
    await browser.post(LIST, {"rating": "amber", "page": "3"}, headers={"X-Fragment": "results"})
    await browser.see(LIST)

    assert ("created", ("red",)) == (by_form.sort, by_form.narrowing.ratings)
    assert (3, ("amber",)) == (last_asked(lister).page, last_asked(lister).narrowing.ratings)


async def test_no_search_term_is_kept_nor_a_page_of_its_matches(browser: Browser, lister: StandInList) -> None:
    await browser.see(LIST)
    await browser.post(LIST, {"search": "Percy Plum", "rating": "red", "page": "3"})

    await browser.see(LIST)

    kept = browser.cookie(COOKIE)
    assert "Percy" not in kept + base64.urlsafe_b64decode(kept.partition(".")[2]).decode()
    assert ("", 1, ("red",)) == (
        last_asked(lister).search,
        last_asked(lister).page,
        last_asked(lister).narrowing.ratings,
    )


async def test_cleared_filters_stay_cleared(browser: Browser, lister: StandInList) -> None:
    await browser.see(NARROWED)
    cleared = await browser.go_on(LIST, {"rating": "red", "remove": "all"})
    await browser.see(cleared)
    await browser.see(LIST)

    assert ListRecords() == last_asked(lister)


async def test_the_whole_list_is_one_press_from_a_search(browser: Browser) -> None:
    await browser.see(LIST)
    fields = {"search": "percy", "rating": "red"}

    found = await browser.send(LIST, fields, status=200)

    assert "Show the whole list" in found.texts(".ics-chip")
    assert LIST == await browser.go_on(LIST, fields | {"remove": "whole"})


async def test_after_a_log_out_and_for_another_user_nothing_is_kept(
    browser: Browser, identity: StandInIdentity, lister: StandInList
) -> None:
    await browser.see(NARROWED)
    kept = browser.cookie(COOKIE)
    await browser.go_on("/dsr/logout")
    dropped = browser.cookie(COOKIE)
    identity.user_id = UUID(int=9)
    browser.come_in(identity)
    browser.client.session.cookie_jar.update_cookies({COOKIE: kept}, browser.client.make_url("/"))

    await browser.see(LIST)

    assert ("", ListRecords()) == (dropped, last_asked(lister))


@pytest.mark.parametrize("kept", ["", "x", "a.b", "\u00e9.", "0123456789abcdef.%%%", "x" * (LONGEST + 1)])
async def test_a_cookie_that_is_not_ours_is_ignored(browser: Browser, lister: StandInList, kept: str) -> None:
    browser.client.session.cookie_jar.update_cookies({COOKIE: kept}, browser.client.make_url("/"))

    await browser.see(LIST)

    assert ListRecords() == last_asked(lister)


async def test_every_page_of_a_record_leads_back_there(open_gateway: OpenGateway, identity: StandInIdentity) -> None:
    browser = await open_gateway(identity, StandInOutcomes(), StandInReferrals())

    pages = [await browser.see(f"{RECORD}{each}") for each in PAGES]

    assert [LIST] * len(PAGES) == [back_on(page) for page in pages]
    assert ["Back to referrals"] * len(PAGES) == [page.texts(".nhsuk-back-link")[0] for page in pages]
    assert [[], *[["Referral"]] * 3] == [page.texts(".nhsuk-back-link")[1:] for page in pages]


def with_a_list_of_archived_records() -> Registers:
    (dsr,) = load_registers().every()
    access = dsr.definition.access.model_copy(update={"ended_seen_by": ("administrator",)})
    return Registers([LoadedRegister(dsr.definition.model_copy(update={"access": access}), "")])


async def test_an_archived_record_leads_back_to_the_archived_and_the_other_list_is_kept(
    open_gateway: OpenGateway, identity: StandInIdentity
) -> None:
    record = StandInOutcomes(changes={"is_open": False, "state": "archived", "may_update": False})
    browser = await open_gateway(identity, record, StandInReferrals(), registers=with_a_list_of_archived_records())
    first = back_on(await browser.see(RECORD))
    await browser.see(f"{LIST}?rating=red")
    await browser.see(f"{LIST}?ended=yes&length=50")

    page = await browser.see(RECORD)
    await browser.see(LIST)

    assert (f"{LIST}?ended=yes", f"{LIST}?length=50&ended=yes") == (first, back_on(page))
    assert ("red",) == record.heard(ListRecords)[-1].narrowing.ratings


async def test_where_archived_records_are_not_listed_they_lead_back_to_the_list(
    open_gateway: OpenGateway, identity: StandInIdentity
) -> None:
    record = StandInOutcomes(changes={"is_open": False, "state": "archived", "may_update": False})
    browser = await open_gateway(identity, record, StandInReferrals())

    assert LIST == back_on(await browser.see(RECORD))

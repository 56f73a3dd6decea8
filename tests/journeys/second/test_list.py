"""Journeys through the list, filtered and sorted, with and without scripts; and a record given to a colleague."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from shared.values import london_day
from tests.journeys.browsing import DESKTOP, JOURNEY, WITH_AND_WITHOUT_SCRIPTS, Screen, window
from tests.journeys.coming_in import be_logged_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name, fill_date, go_to_form, open_form, open_record, refer, search

pytestmark = JOURNEY

CALUM = "Calum Stronach, calum.stronach@mpft.nhs.uk, Midlands Partnership Foundation Trust"
REFERRER, COLLEAGUE = "standard@mpft.nhs.uk", "calum.stronach@mpft.nhs.uk"
ADMINISTRATOR, ELSEWHERE = "admin@mpft.nhs.uk", "admin@combined.nhs.uk"


@pytest_asyncio.fixture
async def administrator(browser: Browser, second: Product) -> AsyncIterator[Page]:
    """The window of an administrator of all organisations."""
    async with window(browser, DESKTOP) as page:
        await be_logged_in(page, second, ADMINISTRATOR)
        yield page


async def open_list(page: Page, stack: Product) -> None:
    await page.goto(f"{stack.base_url}/dsr/records/")


async def open_filters(page: Page) -> None:
    card = page.locator("details.ics-filters")
    if await card.get_attribute("open") is None:
        await page.get_by_text("Filter and sort").click()


async def narrow(page: Page, *choices: str) -> None:
    await open_filters(page)
    for choice in choices:
        await page.locator(".ics-filters").get_by_label(choice, exact=True).check()
    await page.get_by_role("button", name="Apply").click()


def showing(page: Page) -> Locator:
    return page.locator("#results .ics-pagination__showing")


def ratings(page: Page) -> Locator:
    return page.locator("#results .ics-risk")


async def names(page: Page) -> list[str]:
    heads = await page.locator("#results tbody th").all_inner_texts()
    return [text.removeprefix("NAME").strip().splitlines()[0] for text in heads]


async def test_the_list_is_in_the_order_of_the_last_update_until_somebody_sorts_it(
    administrator: Page, second: Product
) -> None:
    await open_list(administrator, second)

    await expect(administrator.locator("th[aria-sort]")).to_have_text(["LAST UPDATED"])
    await expect(administrator.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    await administrator.get_by_role("button", name="NAME", exact=True).click()
    await expect(administrator.locator("th[aria-sort]")).to_have_text(["NAME"])
    upwards = await names(administrator)
    await administrator.get_by_role("button", name="NAME", exact=True).click()
    await expect(administrator.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    downwards = await names(administrator)
    assert sorted(upwards, key=lambda name: name.split()[-1].lower()) == upwards
    assert sorted(downwards, key=lambda name: name.split()[-1].lower(), reverse=True) == downwards


@pytest.mark.parametrize("screen", WITH_AND_WITHOUT_SCRIPTS, ids=str)
async def test_filters_narrow_the_list_and_chips_take_them_away(
    browser: Browser, second: Product, screen: Screen
) -> None:
    async with window(browser, screen) as page:
        await be_logged_in(page, second, ADMINISTRATOR)
        await open_list(page, second)
        await narrow(page, "Red", "South Staffordshire")

        await expect(page.get_by_role("group", name="Filters chosen").get_by_role("button")).to_have_text(
            [re.compile("RISK LEVEL: Red"), re.compile("LOCALITY: South Staffordshire"), "Clear filters"]
        )
        assert {"Red"} == set(await ratings(page).all_inner_texts())
        both = await names(page)
        await page.get_by_role("link", name=f"View {both[0]}").click()
        await expect(page.locator(".ics-identity__name")).to_contain_text(both[0])
        await page.go_back()  # the list has its own address, so the browser does not ask to send a form again
        assert both == await names(page)
        await page.get_by_role("button", name="Remove filter RISK LEVEL: Red").click()
        await expect(page.get_by_role("button", name="RISK LEVEL: Red")).to_have_count(0)
        await open_filters(page)
        await expect(page.locator(".ics-filters").get_by_label("Red", exact=True)).not_to_be_checked()
        await expect(page.locator(".ics-filters").get_by_label("South Staffordshire")).to_be_checked()
        await page.get_by_role("button", name="Clear filters").click()
        await expect(page.get_by_role("group", name="Filters chosen")).to_have_count(0)
        assert {"Toby Test", "Joe Bloggs"} <= set(both)
        assert page.url.endswith("/dsr/records/")


@pytest.mark.requirement("R-DSR-110", "R-USE-004")
async def test_typing_searches_in_what_is_narrowed_and_keeps_the_order(administrator: Page, second: Product) -> None:
    await open_list(administrator, second)
    await narrow(administrator, "Red")
    await administrator.get_by_role("button", name="NAME", exact=True).click()

    await administrator.get_by_label("Search:").press_sequentially("t")

    await expect(showing(administrator)).to_have_text(re.compile(r"^Showing 1 to \d+ of \d+ entries$"))
    await expect(administrator.get_by_role("rowheader").first).to_have_text(re.compile("^NAME Toby Test"))
    await expect(administrator.locator("th[aria-sort]")).to_have_text(["NAME"])
    assert {"Red"} == set(await ratings(administrator).all_inner_texts())
    found = await names(administrator)
    assert {"Toby Test", "Tester Three"} <= set(found)
    assert "Tony Tiger" not in found
    await then_each_way_back_shows_the_same(administrator, "t", found)


async def then_each_way_back_shows_the_same(page: Page, term: str, found: list[str]) -> None:
    """Go to a record and back by its link, by the bar, and by the browser. Then show the whole list with one press."""
    for back in ("Back to referrals", "Referrals", ""):
        await page.get_by_role("link", name="Toby Test", exact=True).click()
        await expect(page.locator(".ics-identity__name")).to_contain_text("Toby Test")
        if back:
            await page.get_by_role("link", name=back, exact=True).click()
        else:
            await page.go_back()
        await expect(page.get_by_label("Search:")).to_have_value(term)
        await expect(page.locator("#results tbody th")).to_have_count(len(found))
        assert found == await names(page)
        assert term not in page.url.partition("/dsr/records/")[2]
    await then_a_search_from_home_is_for_what_was_typed_there(page)
    await page.get_by_role("button", name="Show the whole list").click()
    await expect(page.get_by_role("group", name="Filters chosen")).to_have_count(0)
    await expect(page.get_by_label("Search:")).to_have_value("")


async def then_a_search_from_home_is_for_what_was_typed_there(page: Page) -> None:
    """Search for someone else from Home, then come back to that search and not to the one before it."""
    await page.get_by_role("link", name="Home", exact=True).click()
    await page.get_by_label("Find a person").fill("Tester Three")
    await page.get_by_role("button", name="Search", exact=True).click()
    await expect(page.get_by_label("Search:")).to_have_value("Tester Three")
    await page.get_by_role("link", name="Tester Three", exact=True).click()
    await page.get_by_role("link", name="Back to referrals", exact=True).click()
    await expect(page.get_by_label("Search:")).to_have_value("Tester Three")
    await expect(page.locator("#results tbody th")).to_have_count(1)


async def test_one_organisation_can_be_chosen_by_who_sees_several_and_by_nobody_else(
    administrator: Page, browser: Browser, second: Product
) -> None:
    await open_list(administrator, second)
    await narrow(administrator, "North Staffordshire Combined Healthcare Trust (@combined.nhs.uk)")
    assert {"Gordon Green", "Tony Tiger"} <= set(await names(administrator))
    assert "Percy Plum" not in await names(administrator)

    for email in (REFERRER, ELSEWHERE):
        async with window(browser, DESKTOP) as page:
            await be_logged_in(page, second, email)
            await open_list(page, second)
            await open_filters(page)
            await expect(page.locator(".ics-filters legend")).to_have_text(["RISK LEVEL", "LOCALITY", "Review"])


async def test_the_list_says_how_long_ago_a_person_was_rated(administrator: Page, page: Page, second: Product) -> None:
    name = a_new_name()
    await be_logged_in(page, second, REFERRER)
    await refer(page, second, name, "Red")

    await search(administrator, second, name)
    await expect(administrator.get_by_role("row").filter(has_text=name)).to_contain_text("Rated today")
    await search(administrator, second, "percy plum")
    await expect(administrator.get_by_role("row").filter(has_text="Percy Plum")).to_contain_text(
        re.compile(r"Rated \d years?(, \d+ months?)? ago")
    )


@pytest.mark.requirement("R-DSR-007", "R-DSR-114", "R-DSR-115")
async def test_an_administrator_hands_a_record_to_a_colleague_who_then_keeps_it_too(
    page: Page, administrator: Page, browser: Browser, second: Product
) -> None:
    name = a_new_name()
    await be_logged_in(page, second, REFERRER)
    await refer(page, second, name)
    async with window(browser, DESKTOP) as colleague:
        await be_logged_in(colleague, second, COLLEAGUE)
        await search(colleague, second, name)
        await expect(colleague.get_by_text("No matching entries.")).to_be_visible()

        await open_record(administrator, second, name)
        await administrator.get_by_role("link", name="Change holder and cover").click()
        await administrator.get_by_label("Holder", exact=True).select_option(label=CALUM)
        await administrator.get_by_role("button", name="Assign holder").click()
        await expect(administrator.get_by_text("The holder has been changed.")).to_be_visible()

        await open_record(colleague, second, name)
        await expect(colleague.locator(".ics-identity__facts")).to_contain_text("Held byCalum Stronach")
        await go_to_form(colleague)
        await colleague.get_by_label("Name of lead professional*").fill("Calum Lead")
        await colleague.get_by_role("button", name="Update Record").click()
        await expect(colleague.get_by_text("The referral has been updated.")).to_be_visible()
        await expect(colleague.get_by_role("link", name="Change holder and cover")).to_have_count(0)
        await expect(colleague.get_by_role("link", name="Change holder", exact=True)).to_be_visible()
    await open_form(page, second, name)
    await expect(page.get_by_label("Name of lead professional*")).to_have_value("Calum Lead")
    await expect(page.get_by_role("button", name="Update Record")).to_be_visible()


async def test_cover_is_for_its_days_and_until_it_is_ended(
    administrator: Page, browser: Browser, page: Page, second: Product
) -> None:
    name, today = a_new_name(), london_day(datetime.now(UTC))
    await be_logged_in(page, second, REFERRER)
    await refer(page, second, name)
    async with window(browser, DESKTOP) as colleague:
        await open_record(administrator, second, name)
        await administrator.get_by_role("link", name="Change holder and cover").click()
        await administrator.get_by_text("Add temporary cover").click()
        await administrator.get_by_label("Who covers").select_option(label=CALUM)
        for words, day in (("First day", today), ("Last day", today + timedelta(days=7))):
            await fill_date(administrator, words, str(day.day), str(day.month), str(day.year))
        await administrator.get_by_role("button", name="Add cover").click()
        await expect(administrator.get_by_text("The cover has been added.")).to_be_visible()

        await be_logged_in(colleague, second, COLLEAGUE)
        await open_record(colleague, second, name)
        await administrator.get_by_role("button", name="End cover").click()
        await expect(administrator.get_by_text("The cover has ended.")).to_be_visible()
        await expect(administrator.get_by_text("No one covers this referral.")).to_be_visible()
        answer = await colleague.reload()
        assert answer is not None
        assert 404 == answer.status


async def test_nothing_keeps_anybody_out(page: Page, second: Product) -> None:
    await be_logged_in(page, second, ADMINISTRATOR)
    await open_list(page, second)
    await narrow(page, "Red", "Amber")
    await open_filters(page)
    await then_everybody_can_use_it(page, "list narrowed")
    await page.get_by_role("button", name="Clear filters").click()
    await search(page, second, "percy plum")
    await page.get_by_role("link", name="View Percy Plum").click()
    await page.get_by_role("link", name="Change holder and cover").click()
    await then_everybody_can_use_it(page, "holder and cover")
    await page.get_by_text("Add temporary cover").click()
    await page.get_by_role("button", name="Add cover").click()
    await expect(page.get_by_role("alert")).to_contain_text("Choose who covers")
    await then_everybody_can_use_it(page, "holder and cover with problems")

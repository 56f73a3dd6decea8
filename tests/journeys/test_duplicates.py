"""Journeys with likely duplicates: the question before adding, the flag for the team, and linking by the team."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.journeys.browsing import DESKTOP, JOURNEY, window
from tests.journeys.coming_in import be_logged_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name, fill_referral, open_new_referral, open_record, refer, reference_on

pytestmark = JOURNEY

OF_ALL, ELSEWHERE = "admin@mpft.nhs.uk", "admin@combined.nhs.uk"
HEADING = "This person may already be on the register"
LEAD = "Name of lead professional*"


@pytest_asyncio.fixture
async def other(browser: Browser) -> AsyncIterator[Page]:
    """The window of a second user."""
    async with window(browser, DESKTOP) as page:
        yield page


async def test_whoever_refers_a_person_twice_is_asked_and_loses_nothing(page: Page, stack: Product) -> None:
    family_name = a_new_name()
    await be_logged_in(page, stack, OF_ALL)
    first = await refer(page, stack, family_name, risk="Red")
    await when_i_refer_again(page, stack, family_name)

    await then_i_am_asked_about(page, first, family_name)
    await when_i_press(page, "Go back")
    await then_what_i_typed_is_there(page, family_name)
    await when_i_press(page, "Add Referral")
    await page.get_by_role("button", name="Open the existing referral").click()
    await expect(page.locator(".ics-identity")).to_contain_text(first)

    await when_i_refer_again(page, stack, family_name)
    await page.get_by_role("button", name="Add as a new referral").dblclick()
    await expect(page.get_by_role("heading", level=1)).to_have_text("The referral has been added")
    second = await reference_on(page)
    await when_i_link_them(page, stack, family_name)

    await open_record_of(page, second)
    await then_the_rating_is(page, "Red")
    await expect(page.get_by_role("main")).to_contain_text(f"Also on the register: {first}")
    await expect(page.get_by_role("main")).to_contain_text("This one is rated Amber.")


async def test_a_person_of_another_organisation_is_not_disclosed_and_reaches_the_team(
    page: Page, other: Page, stack: Product
) -> None:
    family_name = a_new_name()
    await be_logged_in(page, stack, OF_ALL)
    first = await refer(page, stack, family_name, risk="Red")

    await be_logged_in(other, stack, ELSEWHERE)
    second = await refer(other, stack, family_name)
    await when_i_link_them(page, stack, family_name)

    await open_record(other, stack, family_name)
    await then_the_rating_is(other, "Amber")
    await expect(other.get_by_text(first)).to_have_count(0)
    await other.goto(f"{stack.base_url}/dsr/duplicates/")
    await expect(other.get_by_text("No possible duplicates are waiting.")).to_be_visible()
    await open_record_of(page, second)
    await then_the_rating_is(page, "Red")


async def test_two_of_the_team_decide_at_once_and_the_second_learns_who_was_first(
    page: Page, other: Page, stack: Product
) -> None:
    family_name = a_new_name()
    for each in (page, other):
        await be_logged_in(each, stack, OF_ALL)
    await refer(page, stack, family_name)
    await when_i_refer_again(page, stack, family_name)
    await when_i_press(page, "Add as a new referral")
    for each in (page, other):
        await each.goto(f"{stack.base_url}/dsr/duplicates/")

    await pair_of(page, family_name).get_by_role("button", name="Different people").click()
    await expect(page.get_by_role("alert")).to_contain_text("Marked as different people.")
    await pair_of(other, family_name).get_by_role("button", name="Same person – link them").click()

    said = other.locator(".nhsuk-notification-banner__content")
    await expect(said).to_contain_text("Gail Thomas already marked these as different people")
    await expect(pair_of(other, family_name)).to_have_count(0)


async def test_everybody_can_use_every_page_of_duplicates(page: Page, stack: Product) -> None:
    family_name = a_new_name()
    await be_logged_in(page, stack, OF_ALL)
    await refer(page, stack, family_name)
    await when_i_refer_again(page, stack, family_name)
    await then_everybody_can_use_it(page, "likely duplicate")
    await when_i_press(page, "Add as a new referral")
    await page.goto(f"{stack.base_url}/dsr/home/")
    await then_everybody_can_use_it(page, "home with duplicates")
    await page.get_by_role("link", name="Possible duplicates waiting: 1").click()
    await then_everybody_can_use_it(page, "possible duplicates")
    await pair_of(page, family_name).get_by_role("button", name="Same person – link them").click()
    await then_everybody_can_use_it(page, "no possible duplicates")
    await open_first(page, stack, family_name)
    await then_everybody_can_use_it(page, "linked")


async def when_i_refer_again(page: Page, stack: Product, family_name: str) -> None:
    await open_new_referral(page, stack)
    await fill_referral(page, family_name.upper())
    await when_i_press(page, "Add Referral")


async def when_i_press(page: Page, button: str) -> None:
    await page.get_by_role("button", name=button, exact=True).click()


async def when_i_link_them(page: Page, stack: Product, family_name: str) -> None:
    await page.goto(f"{stack.base_url}/dsr/home/")
    await page.get_by_role("link", name="Possible duplicates waiting").click()
    await pair_of(page, family_name).get_by_role("button", name="Same person – link them").click()
    await expect(page.get_by_role("alert")).to_contain_text("The two referrals are now linked.")
    await expect(pair_of(page, family_name)).to_have_count(0)


async def open_record_of(page: Page, reference: str) -> None:
    """Open a record through a search for its reference."""
    await page.goto(f"{page.url.partition('/dsr/')[0]}/dsr/records/")
    await page.get_by_label("Search:").fill(reference)
    await page.get_by_role("button", name="Search").click()
    found = page.get_by_role("link", name="View Robin")
    await expect(found).to_have_count(1)
    await found.click()
    await expect(page.locator(".ics-identity")).to_contain_text(reference)


async def open_first(page: Page, stack: Product, family_name: str) -> None:
    await page.goto(f"{stack.base_url}/dsr/records/")
    await page.get_by_label("Search:").fill(family_name)
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("link", name=f"View Robin {family_name}").first.click()
    await expect(page.locator(".ics-identity__name")).to_contain_text("Robin")


def pair_of(page: Page, family_name: str) -> Locator:
    return page.locator("main section").filter(has_text=family_name)


async def then_i_am_asked_about(page: Page, reference: str, family_name: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(HEADING)
    for fact in (reference, f"Robin {family_name}", "07/02/2001", "Midlands Partnership", "Red"):
        await expect(page.locator(".nhsuk-card")).to_contain_text(fact)


async def then_what_i_typed_is_there(page: Page, family_name: str) -> None:
    await expect(page.get_by_label("Last Name*")).to_have_value(family_name.upper())
    await expect(page.get_by_label(LEAD)).to_have_value("Lee Lead")


async def then_the_rating_is(page: Page, rating: str) -> None:
    await expect(page.locator(".ics-identity__mark .ics-risk")).to_have_text(rating)

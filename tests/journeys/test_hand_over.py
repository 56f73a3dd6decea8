"""Journey of all records of a colleague to another, with the two mails, and of who looked at one of them."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.journeys.browsing import DESKTOP, JOURNEY, window
from tests.journeys.coming_in import be_logged_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name, refer
from tests.journeys.test_manage_users import MPFT, a_new_address, then_i_am_told, then_they_come_in, when_i_press

pytestmark = JOURNEY

ADMINISTRATOR = "admin@mpft.nhs.uk"


@pytest.mark.requirement("R-USE-011", "R-USE-012")
async def test_all_records_of_a_colleague_are_handed_over_and_the_page_says_who_looked(
    browser: Browser, stack: Product
) -> None:
    leaving, staying = a_new_address(), a_new_address()
    async with window(browser, DESKTOP) as page, window(browser, DESKTOP) as theirs:
        await be_logged_in(page, stack, ADMINISTRATOR)
        await when_i_add(page, stack, leaving, "Lee")
        await when_i_add(page, stack, staying, "Sal")
        await then_they_come_in(theirs, stack, leaving)
        references = {await refer(theirs, stack, a_new_name()) for _ in range(2)}

        await when_i_open(page, stack, leaving)
        await page.get_by_role("button", name="Deactivate").click()
        await expect(page.get_by_text("Referrals that this person holds: 2.")).to_have_count(1)
        await page.get_by_role("link", name="Hand over the referrals").click()
        await then_everybody_can_use_it(page, "handing over")
        await when_i_choose(page, staying)
        await when_i_press(page, "Continue")
        await then_everybody_can_use_it(page, "handing over, checked")
        await page.get_by_role("button", name="Hand over 2").dblclick()
        await then_i_am_told(page, "The referrals have been handed over. The new holder gets an email.")

        for address, subject in ((staying, "handed over to you: 2"), (leaving, "handed over to a colleague: 2")):
            mail = await stack.mail_after(0, address, subject)
            assert all(each in mail.text for each in references)
            assert "Quill" not in f"{mail.subject}{mail.text}"
        await page.goto(f"{stack.base_url}/dsr/records/")
        await page.get_by_label("Search", exact=False).first.fill(references.pop())
        await page.keyboard.press("Enter")
        await page.locator("tbody a").first.click()
        await page.get_by_role("link", name="Who looked at this referral").click()
        await then_everybody_can_use_it(page, "who looked")
        listed = page.locator("tbody")
        await expect(listed).to_contain_text("Chose a new holder")
        await expect(listed).to_contain_text("Lee Wren")
        await page.get_by_role("link", name="Show all as one document to print").click()
        await expect(page.locator("tbody")).to_contain_text("Read who looked at it, as on this page")


async def when_i_add(page: Page, stack: Product, email: str, first_name: str) -> None:
    await page.goto(f"{stack.base_url}/dsr/administration/users/new")
    for label, text in (("First Name", first_name), ("Last Name", "Wren"), ("Email Address", email)):
        await page.get_by_label(label).fill(text)
    await page.get_by_label("Standard user").check()
    await page.get_by_label(MPFT).check()
    await page.get_by_label("Organisation for new referrals").select_option(label=MPFT)
    await when_i_press(page, "Add user")
    await then_i_am_told(page, "The user has been added.")


async def when_i_open(page: Page, stack: Product, email: str) -> None:
    """Open the page of the user with this address."""
    await page.goto(f"{stack.base_url}/dsr/administration/users/")
    await page.get_by_label("Name or email address").fill(email)
    await when_i_press(page, "Search")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.locator("tbody a").first.click()


async def when_i_choose(page: Page, email: str) -> None:
    """Choose the new holder whose label has this address, after a search where there are too many to list."""
    search = page.get_by_label("Name of a colleague")
    if await search.count():
        await search.fill("Sal Wren")
        await when_i_press(page, "Find")
    label = await page.get_by_label("New holder").locator("option").filter(has_text=email).inner_text()
    await page.get_by_label("New holder").select_option(label=label)

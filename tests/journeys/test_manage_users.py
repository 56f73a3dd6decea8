"""Journeys through the management of users: adding a colleague, restricting their access, and ending it."""

import secrets

import pytest
from playwright.async_api import Browser, Page, expect

from tests.journeys.browsing import DESKTOP, JOURNEY, window
from tests.journeys.coming_in import be_logged_in, log_in, temporary_password_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name, refer, search

pytestmark = JOURNEY

ADMINISTRATOR = "admin@mpft.nhs.uk"
MPFT, COMBINED = "Midlands Partnership Foundation Trust", "North Staffordshire Combined Healthcare Trust"
OWN_PASSWORD = "Larch-and-28-Owls!"


@pytest.mark.requirement("R-DSR-018", "R-DSR-023", "R-DSR-170")
async def test_a_colleague_is_added_restricted_and_thrown_out(browser: Browser, stack: Product) -> None:
    email, family_name = a_new_address(), a_new_name()
    async with window(browser, DESKTOP) as page, window(browser, DESKTOP) as theirs:
        await be_logged_in(page, stack, ADMINISTRATOR)
        await refer(page, stack, family_name)
        await when_i_add(page, stack, email)
        await then_i_am_told(page, "The user has been added.")
        await then_they_come_in(theirs, stack, email)
        await then_they_find(theirs, stack, family_name, found=True)

        await page.get_by_label(MPFT).uncheck()
        await page.get_by_label(COMBINED).check()
        await when_i_press(page, "Save role and organisations")
        await then_i_am_told(page, "The role and organisations have been changed.")
        await theirs.reload()
        await expect(theirs.get_by_role("heading", level=1)).to_have_text("Authentication")
        await log_in(theirs, stack, email, OWN_PASSWORD)
        await then_they_find(theirs, stack, family_name, found=False)

        await page.get_by_role("button", name="Deactivate").click()
        await when_i_press(page, "Deactivate")
        await then_i_am_told(page, "The account has been deactivated.")
        await theirs.reload()
        await expect(theirs.get_by_role("heading", level=1)).to_have_text("Authentication")


@pytest.mark.requirement("R-DSR-042")
async def test_everybody_can_use_the_pages_of_users(page: Page, stack: Product) -> None:
    email = a_new_address()
    await be_logged_in(page, stack, ADMINISTRATOR)
    await page.goto(f"{stack.base_url}/dsr/administration/")
    await page.get_by_role("link", name="Organisations and email domains").click()
    await then_everybody_can_use_it(page, "organisations")
    await page.get_by_role("link", name="Administration").first.click()
    await page.get_by_role("link", name="Manage User").click()
    await page.get_by_label("Name or email address").fill("harris")
    await when_i_press(page, "Search")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await then_everybody_can_use_it(page, "users")
    await page.get_by_role("link", name="Jenny Harris").click()
    await then_everybody_can_use_it(page, "one user")
    await page.get_by_role("link", name="Correct the name").click()
    await then_everybody_can_use_it(page, "correcting a name")
    await page.go_back()
    await page.get_by_role("button", name="Deactivate").click()
    await then_everybody_can_use_it(page, "deactivating a user")
    await page.goto(f"{stack.base_url}/dsr/hand-over/")
    await then_everybody_can_use_it(page, "whose records to hand over")

    await page.goto(f"{stack.base_url}/dsr/administration/users/new")
    await when_i_press(page, "Add user")
    await then_everybody_can_use_it(page, "user not added")

    await page.goto(f"{stack.base_url}/dsr/administration/locked/")
    await then_everybody_can_use_it(page, "locked accounts")
    await page.goto(f"{stack.base_url}/dsr/administration/addresses/")
    await page.get_by_label("Email Address").fill(email)
    await page.get_by_role("button", name="Assign this address").dblclick()
    await expect(page.locator(".ics-covers__item").filter(has_text=email)).to_have_count(1)
    await then_everybody_can_use_it(page, "single addresses")
    await page.context.clear_cookies()
    assert email in await then_somebody_may_register(page, stack, email)


async def then_somebody_may_register(page: Page, stack: Product, email: str) -> str:
    """Check that the assigned address can register and another cannot. Return the recipient of the welcome mail."""
    for address, heading in ((f"not.{email}", "This email address cannot register"), (email, "Check your email")):
        await page.goto(f"{stack.base_url}/dsr/login/register/")
        for label, text in (("First Name", "Pat"), ("Last Name", "Ash"), ("Email Address", address)):
            await page.get_by_label(label).fill(text)
        await when_i_press(page, "Register")
        await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    return (await stack.mail_after(0, email)).to


def a_new_address() -> str:
    return f"kit.{secrets.token_hex(4)}@partner.example"


async def when_i_press(page: Page, button: str) -> None:
    await page.get_by_role("button", name=button, exact=True).click()


async def when_i_add(page: Page, stack: Product, email: str) -> None:
    """Add a user with a double click, which must count as one press."""
    await page.goto(f"{stack.base_url}/dsr/administration/users/")
    await when_i_press(page, "Add a user")
    for label, text in (("First Name", "Kit"), ("Last Name", "Wren"), ("Email Address", email)):
        await page.get_by_label(label).fill(text)
    await page.get_by_label("Reporting user").check()
    await page.get_by_label(MPFT).check()
    await page.get_by_role("button", name="Add user").dblclick()


async def then_they_come_in(page: Page, stack: Product, email: str) -> None:
    """Log in with the mailed password, then replace it."""
    await log_in(page, stack, email, temporary_password_in(await stack.mail_after(0, email)))
    temporary = temporary_password_in((await stack.mail(email))[-1])
    for label, text in (("Current Password", temporary), ("New Password", OWN_PASSWORD)):
        await page.get_by_label(label, exact=True).fill(text)
    await page.get_by_label("Confirm New Password").fill(OWN_PASSWORD)
    await when_i_press(page, "Submit")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Home")


async def then_they_find(page: Page, stack: Product, family_name: str, *, found: bool) -> None:
    await search(page, stack, family_name)
    await expect(page.get_by_role("link", name=f"View Robin {family_name}")).to_have_count(1 if found else 0)


async def then_i_am_told(page: Page, said: str) -> None:
    await expect(page.locator(".nhsuk-notification-banner__content")).to_contain_text(said)

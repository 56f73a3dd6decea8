"""A journey with an authenticator app: added, asked for at the log-in, replaced by a recovery code, and reset."""

import secrets
import time

import pytest
from playwright.async_api import Browser, Page, expect
from pyotp import TOTP

from tests.journeys.browsing import DESKTOP, JOURNEY, window
from tests.journeys.coming_in import be_logged_in, log_in, temporary_password_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Product

pytestmark = JOURNEY

OWN_PASSWORD = "Sorrel-Canter-77"
STEP = 30


@pytest.mark.requirement("R-USE-015")
async def test_a_user_adds_an_app_and_logs_in_with_it_until_it_is_reset(browser: Browser, stack: Product) -> None:
    email = f"phil.{secrets.token_hex(4)}@mpft.nhs.uk"
    async with window(browser, DESKTOP) as page, window(browser, DESKTOP) as theirs:
        await given_a_new_user_inside(page, stack, email)
        key, codes = await when_i_add_an_app(page)
        await then_i_may_renew_the_codes_or_remove_the_app(page, stack)

        await when_i_log_in_again(page, stack, email)
        await then_everybody_can_use_it(page, "come in app")
        await when_i_enter(page, "Code from the app", "000000")
        await expect(page.locator(".nhsuk-error-summary")).to_contain_text("Tries left: 4.")
        await when_i_enter(page, "Code from the app", TOTP(key).at(time.time() + STEP))
        await then_the_page_is(page, "Home")

        await when_i_log_in_again(page, stack, email)
        await page.get_by_role("link", name="Use a recovery code").click()
        await then_everybody_can_use_it(page, "come in recovery code")
        await when_i_enter(page, "Recovery code", codes[0].lower())
        await then_the_page_is(page, "Home")
        assert "Recovery codes left: 9." in (await stack.mail_after(0, email, "recovery code has been used")).text

        await be_logged_in(theirs, stack, "admin@mpft.nhs.uk")
        await when_an_administrator_resets_the_app(theirs, stack, email)
        await page.reload()
        await then_the_page_is(page, "Authentication")
        await log_in(page, stack, email, OWN_PASSWORD)
        await then_the_page_is(page, "Home")


async def given_a_new_user_inside(page: Page, stack: Product, email: str) -> None:
    await page.goto(f"{stack.base_url}/dsr/login/register/")
    for label, text in (("First Name", "Phil"), ("Last Name", "Phone"), ("Email Address", email)):
        await page.get_by_label(label).fill(text)
    await when_i_press(page, "Register")
    temporary = temporary_password_in(await stack.mail_after(0, email))
    await log_in(page, stack, email, temporary)
    for label, text in (("Current", temporary), ("New", OWN_PASSWORD), ("Confirm New", OWN_PASSWORD)):
        await page.get_by_label(f"{label} Password", exact=True).fill(text)
    await when_i_press(page, "Submit")
    await then_the_page_is(page, "Home")


async def when_i_add_an_app(page: Page) -> tuple[str, list[str]]:
    """Add an app from the account's page. Return its key and the recovery codes."""
    await page.get_by_role("link", name="User logged in: Phil Phone").click()
    await page.get_by_role("link", name="Authenticator app").click()
    await then_everybody_can_use_it(page, "no app yet")
    await page.get_by_label("Current Password", exact=True).fill(OWN_PASSWORD)
    await when_i_press(page, "Continue")
    key = (await page.locator(".ics-code").inner_text()).replace(" ", "")
    await expect(page.get_by_role("img", name="Picture for the authenticator app to scan.")).to_be_visible()
    await page.get_by_label("Code from the app").fill("000000")
    await when_i_press(page, "Add the app")
    await then_everybody_can_use_it(page, "app not added")
    await page.get_by_label("Code from the app").fill(TOTP(key).now())
    await when_i_press(page, "Add the app")
    await then_the_page_is(page, "Your recovery codes")
    await then_everybody_can_use_it(page, "recovery codes")
    codes = await page.locator(".ics-codes li").all_inner_texts()
    await page.get_by_role("button", name="I have kept the codes").click()
    await then_the_page_is(page, "Home")
    return key, codes


async def then_i_may_renew_the_codes_or_remove_the_app(page: Page, stack: Product) -> None:
    await page.goto(f"{stack.base_url}/dsr/account/app")
    await then_everybody_can_use_it(page, "app")
    await page.get_by_role("button", name="Get new recovery codes").click()
    await then_everybody_can_use_it(page, "new recovery codes")
    await page.get_by_role("link", name="Authenticator app").click()
    await page.get_by_role("button", name="Remove the app").click()
    await when_i_press(page, "Remove the app")
    await expect(page.locator(".nhsuk-error-summary")).to_contain_text("Enter your current password")
    await then_everybody_can_use_it(page, "app not removed")


async def when_i_log_in_again(page: Page, stack: Product, email: str) -> None:
    await when_i_press(page, "Logout")
    await page.goto(f"{stack.base_url}/dsr/login/")
    await page.get_by_label("Email Address").fill(email)
    await page.get_by_label("Password", exact=True).fill(OWN_PASSWORD)
    await when_i_press(page, "Log In")
    await then_the_page_is(page, "Two Factor Authentication")


async def when_i_enter(page: Page, label: str, code: str) -> None:
    await page.get_by_label(label).fill(code)
    await when_i_press(page, "Verify")


async def when_an_administrator_resets_the_app(page: Page, stack: Product, email: str) -> None:
    await page.goto(f"{stack.base_url}/dsr/administration/users/")
    await page.get_by_label("Name or email address").fill(email)
    await when_i_press(page, "Search")
    await page.get_by_role("link", name="Phil Phone").click()
    await page.get_by_role("link", name="Reset the authenticator app").click()
    await then_everybody_can_use_it(page, "resetting an app")
    await when_i_press(page, "Reset the authenticator app")
    said = "The authenticator app was removed. This person logs in with a code sent by email again."
    await expect(page.locator(".nhsuk-notification-banner__content")).to_have_text(said)


async def when_i_press(page: Page, button: str) -> None:
    await page.get_by_role("button", name=button, exact=True).click()


async def then_the_page_is(page: Page, heading: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)

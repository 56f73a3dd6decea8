"""Journeys from the register's public page through registration and log-in to logging out."""

import re
import secrets

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from gateway.security.cookies import SESSION
from tests.journeys.browsing import DESKTOP, JOURNEY, window
from tests.journeys.coming_in import bring_session, enter_password, enter_pin, log_in, session_in, temporary_password_in
from tests.journeys.looking import then_everybody_can_use_it
from tests.journeys.product import Product

pytestmark = JOURNEY

OWN_PASSWORD = "Sorrel-Canter-77"
INCORRECT = 'The login details are incorrect. Please try again or use the "Forgot your password" feature'
RED = "rgb(213, 40, 27)"
STANDARD_BAR = ["Home", "Submit New Referral", "Referrals", "Help", "Change Password", "Logout"]


@pytest_asyncio.fixture(scope="module")
async def ruby(browser: Browser, stack: Product) -> str:
    """The address of a user who has an account and has set her own password."""
    async with window(browser, DESKTOP) as page:
        return await given_somebody_new_inside(page, stack)


def a_new_address(domain: str = "mpft.nhs.uk") -> str:
    return f"ruby.{secrets.token_hex(4)}@{domain}"


@pytest.mark.requirement("R-DSR-037", "R-DSR-038", "R-DSR-039", "R-S117-001", "R-S117-004")
async def test_a_professional_registers_and_comes_in_for_the_first_time(page: Page, stack: Product) -> None:
    email = a_new_address()
    await given_the_start_page(page, stack)
    await when_i_follow(page, "Register »")
    await when_i_register(page, email)
    await then_the_page_is(page, "Check your email")

    temporary = await then_a_temporary_password_is_mailed(stack, email)
    await given_the_start_page(page, stack)
    await when_i_follow(page, "Login »")
    pin = await enter_password(page, stack, email, temporary)
    await then_the_page_is(page, "Two Factor Authentication")

    await enter_pin(page, pin)
    await then_the_page_is(page, "Change Password")
    await when_i_change_my_password(page, temporary, OWN_PASSWORD)
    await then_the_page_is(page, "Home")
    await then_i_am_told(page, "Successfully updated password. Use this when logging in next.")
    await then_the_bar_holds(page, STANDARD_BAR)


@pytest.mark.requirement("R-DSR-059", "R-DSR-060")
async def test_after_logging_out_the_back_button_shows_nothing(page: Page, stack: Product, ruby: str) -> None:
    await log_in(page, stack, ruby, OWN_PASSWORD)
    await when_i_press(page, "Logout")
    await then_the_page_is(page, "Authentication")
    await then_i_am_told(page, "You have logged out.")

    await page.go_back()
    await then_the_page_is(page, "Authentication")
    await expect(page.get_by_text("Ruby Scarlet")).to_have_count(0)
    await page.get_by_label("Password").fill(OWN_PASSWORD)
    await when_the_browser_restores_the_page_from_memory(page)
    await expect(page.get_by_label("Password")).to_have_value("")


@pytest.mark.requirement("R-DSR-046", "R-DSR-047")
@pytest.mark.parametrize("known", [True, False], ids=["wrong-password", "unknown-address"])
async def test_wrong_details_are_refused_in_a_red_box_at_the_top(
    page: Page, stack: Product, ruby: str, known: bool
) -> None:
    email = ruby if known else a_new_address()
    await given_the_log_in_page(page, stack)
    await when_i_log_in_with(page, email, "not the password")

    box = page.locator(".nhsuk-error-summary")
    await expect(box.get_by_role("listitem")).to_have_text([INCORRECT])
    await expect(box).to_have_css("border-top-color", RED)
    await expect(page.get_by_label("Email Address")).to_have_value(email)
    await expect(page.get_by_label("Password", exact=True)).to_have_value("")


@pytest.mark.requirement("R-DSR-041")
async def test_an_address_from_elsewhere_is_told_whom_to_write_to(page: Page, stack: Product) -> None:
    email = a_new_address("example.org")
    await given_the_start_page(page, stack)
    await when_i_follow(page, "Register »")
    await when_i_register(page, email)

    await then_the_page_is(page, "This email address cannot register")
    await expect(page.get_by_role("link", name="DynamicSupportRegister@mpft.nhs.uk")).to_be_visible()
    assert [] == await stack.mail(email)


@pytest.mark.requirement("R-DSR-043")
async def test_registering_twice_is_answered_alike_and_the_truth_goes_by_mail(
    page: Page, stack: Product, ruby: str
) -> None:
    await given_the_start_page(page, stack)
    await when_i_follow(page, "Register »")
    earlier = len(await stack.mail(ruby))
    await when_i_register(page, ruby)

    await then_the_page_is(page, "Check your email")
    assert "temporary password" not in (await stack.mail_after(earlier, ruby)).text


@pytest.mark.requirement("R-DSR-061", "R-DSR-063", "R-DSR-064", "R-DSR-065")
async def test_who_forgot_the_password_is_sent_another(page: Page, stack: Product) -> None:
    email = await given_somebody_new_inside(page, stack)
    await page.context.clear_cookies()
    earlier = len(await stack.mail(email))

    answers = [await the_answer_to_a_reminder(page, stack, address) for address in (email, a_new_address())]

    assert answers[0] == answers[1]
    temporary = temporary_password_in(await stack.mail_after(earlier, email))
    await log_in(page, stack, email, temporary)
    await then_the_page_is(page, "Change Password")


@pytest.mark.requirement("R-S117-009", "R-S117-011")
async def test_a_code_that_was_cancelled_opens_nothing_and_a_new_one_does(
    page: Page, stack: Product, ruby: str
) -> None:
    await given_the_log_in_page(page, stack)
    cancelled = await enter_password(page, stack, ruby, OWN_PASSWORD)
    await when_i_press(page, "Cancel")
    await then_the_page_is(page, "Authentication")

    pin = await enter_password(page, stack, ruby, OWN_PASSWORD)
    if pin != cancelled:
        await enter_pin(page, cancelled)
        await then_there_is_a_problem(page, "The code is not right or no longer valid.")
    await enter_pin(page, pin)
    await then_the_page_is(page, "Home")


async def test_another_code_may_be_asked_for_after_a_minute(page: Page, stack: Product, ruby: str) -> None:
    await given_the_log_in_page(page, stack)
    await enter_password(page, stack, ruby, OWN_PASSWORD)
    await page.get_by_text("I have not received a code").click()
    await when_i_press(page, "Send another code")

    await then_there_is_a_problem(page, "Please wait before you ask for another code. Try again after")


async def test_a_second_click_does_no_harm(page: Page, stack: Product, ruby: str) -> None:
    await given_the_log_in_page(page, stack)
    pin = await enter_password(page, stack, ruby, OWN_PASSWORD)
    await page.get_by_label("Verification code").fill(pin)
    await page.get_by_role("button", name="Verify").dblclick()

    await then_the_page_is(page, "Home")


async def test_going_back_and_loading_again_asks_nobody_to_send_a_form_twice(
    page: Page, stack: Product, ruby: str
) -> None:
    await log_in(page, stack, ruby, OWN_PASSWORD)
    await page.reload()
    await then_the_page_is(page, "Home")

    await page.go_back()
    await page.reload()
    await page.goto(f"{stack.base_url}/dsr/login/")
    await when_i_follow(page, "Continue to the register")
    await then_the_page_is(page, "Home")


async def test_to_log_in_again_from_another_tab_ends_the_session_that_this_browser_held(
    browser: Browser, page: Page, stack: Product, ruby: str
) -> None:
    tab = await page.context.new_page()
    await given_the_log_in_page(tab, stack)
    await log_in(page, stack, ruby, OWN_PASSWORD)
    earlier = await session_in(page)
    await enter_pin(tab, await enter_password(tab, stack, ruby, OWN_PASSWORD))
    await then_the_page_is(tab, "Home")

    async with window(browser, DESKTOP) as other:
        await bring_session(other, stack, earlier)
        await other.goto(f"{stack.base_url}/dsr/home/")
        await other.wait_for_url("**/dsr/login/?notice=ended")
    await page.reload()
    await then_the_page_is(page, "Home")


async def test_who_logs_in_again_after_the_session_has_ended_goes_on_where_they_were(
    page: Page, stack: Product, ruby: str
) -> None:
    await log_in(page, stack, ruby, OWN_PASSWORD)
    records = f"{stack.base_url}/dsr/records/"
    await page.goto(records)
    await page.context.clear_cookies(name=SESSION)
    await page.goto(f"{records}?page=1")
    await page.wait_for_url("**/dsr/login/?notice=asked")

    await enter_pin(page, await enter_password(page, stack, ruby, OWN_PASSWORD))

    await then_the_page_is(page, "Referrals")
    assert records == page.url


async def test_a_link_that_is_followed_after_logging_out_opens_after_the_next_log_in(
    page: Page, stack: Product, ruby: str
) -> None:
    await log_in(page, stack, ruby, OWN_PASSWORD)
    await page.get_by_role("button", name="Logout").click()
    await page.goto(f"{stack.base_url}/dsr/records/?sort=rating")
    await then_i_am_told(page, "Log in to see the page that you asked for.")

    await enter_pin(page, await enter_password(page, stack, ruby, OWN_PASSWORD))

    await then_the_page_is(page, "Referrals")
    assert f"{stack.base_url}/dsr/records/?sort=rating" == page.url


async def test_everybody_can_use_every_page_on_the_way_in(page: Page, stack: Product) -> None:
    email = a_new_address()
    looks = {
        "come in login/register/": "login/register/",
        "come in login/register/done": "login/register/done",
        "come in login/reminder/": "login/reminder/",
        "come in login/reminder/sent": "login/reminder/sent",
        "come in login/": "login/",
    }
    for look, path in looks.items():
        await page.goto(f"{stack.base_url}/dsr/{path}")
        await then_everybody_can_use_it(page, look)
        if path == "login/register/":
            await when_i_press(page, "Register")
            await then_everybody_can_use_it(page, "come in register with problems")
            await when_i_register(page, email)
    temporary = await then_a_temporary_password_is_mailed(stack, email)
    await when_i_log_in_with(page, email, "not the password")
    await then_everybody_can_use_it(page, "come in wrong details")
    pin = await enter_password(page, stack, email, temporary)
    await page.get_by_text("I have not received a code").click()
    await then_everybody_can_use_it(page, "come in pin")
    await enter_pin(page, "000000" if pin != "000000" else "111111")
    await then_everybody_can_use_it(page, "come in wrong pin")
    await enter_pin(page, pin)
    await then_the_page_is(page, "Change Password")
    await then_everybody_can_use_it(page, "come in password")
    await when_i_change_my_password(page, temporary, "short")
    await then_there_is_a_problem(page, "Your password must be 8 to 128 characters long.")
    await then_everybody_can_use_it(page, "come in password refused")
    await when_i_change_my_password(page, temporary, OWN_PASSWORD)
    await then_the_page_is(page, "Home")
    await then_everybody_can_use_it(page, "come in home")
    await page.goto(f"{stack.base_url}/demo/mail")
    await then_everybody_can_use_it(page, "come in demo mail")


async def test_on_a_phone_the_way_out_is_in_the_menu(phone: Page, stack: Product, ruby: str) -> None:
    await log_in(phone, stack, ruby, OWN_PASSWORD)
    await when_i_press(phone, "Browse More")
    await when_i_press(phone, "Logout")

    await then_i_am_told(phone, "You have logged out.")


async def given_the_start_page(page: Page, stack: Product) -> None:
    await page.goto(f"{stack.base_url}/dsr/")


async def given_the_log_in_page(page: Page, stack: Product) -> None:
    await page.goto(f"{stack.base_url}/dsr/login/")


async def given_somebody_new_inside(page: Page, stack: Product) -> str:
    """Register, log in for the first time, change the temporary password, and return the address."""
    email = a_new_address()
    await page.goto(f"{stack.base_url}/dsr/login/register/")
    await when_i_register(page, email)
    temporary = await then_a_temporary_password_is_mailed(stack, email)
    await log_in(page, stack, email, temporary)
    await when_i_change_my_password(page, temporary, OWN_PASSWORD)
    await then_the_page_is(page, "Home")
    return email


async def when_i_follow(page: Page, link: str) -> None:
    await (
        page.get_by_role("main")
        .get_by_role("link", name=link)
        .or_(page.get_by_role("main").get_by_role("button", name=link))
        .click()
    )


async def when_the_browser_restores_the_page_from_memory(page: Page) -> None:
    """Tell the page what a browser tells it that kept it, with what was typed, and shows it again."""
    async with page.expect_navigation():
        await page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")


async def when_i_press(page: Page, button: str) -> None:
    await page.get_by_role("button", name=button, exact=True).click()


async def when_i_register(page: Page, email: str) -> None:
    await page.get_by_label("First Name").fill("Ruby")
    await page.get_by_label("Last Name").fill("Scarlet")
    await page.get_by_label("Email Address").fill(email)
    await when_i_press(page, "Register")


async def when_i_log_in_with(page: Page, email: str, password: str) -> None:
    await page.get_by_label("Email Address").fill(email)
    await page.get_by_label("Password", exact=True).fill(password)
    await when_i_press(page, "Log In")


async def the_answer_to_a_reminder(page: Page, stack: Product, email: str) -> str:
    await given_the_log_in_page(page, stack)
    await when_i_follow(page, "Forgot your password")
    await then_the_page_is(page, "Password Reminder")
    await page.get_by_label("Email Address").fill(email)
    await when_i_press(page, "Send New Password")
    await page.wait_for_url(re.compile("/reminder/sent$"))
    return await page.get_by_role("main").inner_text()


async def when_i_change_my_password(page: Page, current: str, new: str) -> None:
    await page.get_by_label("Current Password").fill(current)
    await page.get_by_label("New Password", exact=True).fill(new)
    await page.get_by_label("Confirm New Password").fill(new)
    await when_i_press(page, "Submit")


async def then_the_page_is(page: Page, heading: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)


async def then_i_am_told(page: Page, said: str) -> None:
    await expect(page.locator(".nhsuk-notification-banner__content")).to_have_text(said)


async def then_there_is_a_problem(page: Page, said: str) -> None:
    await expect(page.locator(".nhsuk-error-summary")).to_contain_text(said)


async def then_a_temporary_password_is_mailed(stack: Product, email: str) -> str:
    return temporary_password_in(await stack.mail_after(0, email))


async def then_the_bar_holds(page: Page, places: list[str]) -> None:
    bar = page.get_by_role("navigation", name="Menu").get_by_role("listitem")
    shown = [text.strip() for text in await bar.all_inner_texts()]
    assert places == [text for text in shown if text and not text.endswith("More")]

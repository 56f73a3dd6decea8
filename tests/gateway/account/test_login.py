"""Tests of the first step of a log-in, and of logging out."""

import pytest

from gateway.security.cookies import DEVICE, FORM, SESSION
from shared.contracts.identity import LogIn, LogOut
from shared.registers.definition.register import Definition
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_identity import EMAIL, NAME, PASSWORD, StandInIdentity
from tests.gateway.visit import words

LOGIN = "/dsr/login/"
INCORRECT = 'The login details are incorrect. Please try again or use the "Forgot your password" feature'
RIGHT = {"email": EMAIL, "password": PASSWORD}


@pytest.mark.requirement("R-DSR-044", "R-DSR-045", "R-S117-003")
async def test_the_page_asks_for_address_and_password_and_offers_a_reminder(browser: Browser) -> None:
    page = await browser.see(LOGIN)

    link = page.tree.select_one("main p a")
    assert "Authentication" == page.heading
    assert ["Email Address", "Password"] == page.texts("main label")
    assert ["Log In"] == page.texts("main form > button")
    assert link is not None
    assert ("Forgot your password", "/dsr/login/reminder/") == (words(link), link["href"])


async def test_the_pages_before_the_log_in_lead_to_each_other(browser: Browser) -> None:
    register, reminder = f"{LOGIN}register/", f"{LOGIN}reminder/"

    login, registration = await browser.see(LOGIN), await browser.see(register)

    assert ["Register Account"] == login.texts(f'main a[href="{register}"]')
    assert (["Back to login"], ["Forgot your password"]) == (
        registration.texts(f'main a[href="{LOGIN}"]'),
        registration.texts(f'main a[href="{reminder}"]'),
    )


@pytest.mark.requirement("R-DSR-046")
@pytest.mark.parametrize("details", [{"password": "Wrong-1"}, {"email": "nobody@mpft.nhs.uk"}])
async def test_wrong_details_are_refused_in_one_sentence_whatever_was_wrong(
    browser: Browser, details: dict[str, str]
) -> None:
    await browser.see(LOGIN)

    page = await browser.send(LOGIN, RIGHT | details)

    assert [INCORRECT] == page.problems
    assert ["email", "password"] == [str(field["name"]) for field in page.tree.select(".nhsuk-input--error")]


async def test_after_wrong_details_the_address_is_kept_and_the_password_is_not(browser: Browser) -> None:
    await browser.see(LOGIN)

    page = await browser.send(LOGIN, RIGHT | {"password": "Wrong-1"})

    assert EMAIL in [field.get("value") for field in page.tree.select("main input")]
    assert "Wrong-1" not in page.html


async def test_a_browser_that_keeps_no_cookies_is_told_so_instead_of_going_in_circles(
    browser: Browser, identity: StandInIdentity
) -> None:
    await browser.see(LOGIN)
    browser.client.session.cookie_jar.clear()

    page = await browser.send(LOGIN, RIGHT, status=403)

    assert ("Your browser did not send our cookie", []) == (page.heading, identity.heard(LogIn))


async def test_an_empty_field_has_its_own_message_and_nobody_is_asked(
    browser: Browser, identity: StandInIdentity
) -> None:
    await browser.see(LOGIN)

    page = await browser.send(LOGIN, {"email": "", "password": ""})

    assert ["Enter your email address", "Enter your password"] == page.problems
    assert [] == identity.heard(LogIn)


@pytest.mark.parametrize("field", ["email", "password"])
async def test_what_is_longer_than_any_account_has_is_wrong_like_anything_else(browser: Browser, field: str) -> None:
    await browser.see(LOGIN)

    page = await browser.send(LOGIN, RIGHT | {field: "a" * 2000})

    assert [INCORRECT] == page.problems


@pytest.mark.requirement("R-S117-012")
async def test_the_right_password_leads_to_the_pin_and_gives_no_session(browser: Browser) -> None:
    await browser.see(LOGIN)

    led_to = await browser.go_on(LOGIN, RIGHT)

    assert ("/dsr/login/pin", True, "") == (led_to, browser.has_attempt, browser.cookie(SESSION))
    assert f"{LOGIN}?notice=asked" == await browser.sent_to("/dsr/home/")


async def test_a_browser_that_has_logged_in_before_says_so(browser: Browser, identity: StandInIdentity) -> None:
    await browser.log_in()
    await browser.see("/dsr/home/")
    await browser.go_on("/dsr/logout")
    await browser.enter_password()

    assert [None, "this-device"] == [asked.device_token for asked in identity.heard(LogIn)]
    assert "this-device" == browser.cookie(DEVICE)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("ended", "Your session has ended. Please log in again."),
        ("timeout", "You were logged out because the register was not used for a while. What you typed was kept."),
        ("over", "This log-in has ended. Please log in again, and a new code will be sent to you."),
    ],
)
async def test_the_page_says_why_one_was_sent_there(browser: Browser, message: str, said: str) -> None:
    page = await browser.see(f"{LOGIN}?notice={message}")

    assert [said] == page.texts(".nhsuk-notification-banner__content")


async def test_the_address_of_the_refusal_in_the_guide_still_says_it(browser: Browser) -> None:
    assert [INCORRECT] == (await browser.see(f"{LOGIN}?notice=e0")).problems


async def test_an_address_cannot_put_words_of_its_own_on_the_page(browser: Browser) -> None:
    page = await browser.see(f"{LOGIN}?notice=Call+0800+now")

    assert ("Call" in page.html, []) == (False, page.texts(".nhsuk-notification-banner"))


async def test_who_is_logged_in_already_is_offered_the_way_on(browser: Browser) -> None:
    await browser.log_in()

    page = await browser.see(LOGIN)

    button = page.tree.select_one("main a.nhsuk-button")
    assert button is not None
    assert ("Continue to the register", "/dsr/home/") == (words(button), button["href"])
    assert [] == page.tree.select("main form")


@pytest.mark.requirement("R-DSR-058", "R-DSR-059")
async def test_logging_out_leads_to_the_log_in_page_which_confirms_it(
    browser: Browser, identity: StandInIdentity
) -> None:
    await browser.log_in()
    home = await browser.see("/dsr/home/")
    token = browser.cookie(SESSION)

    led_to = await browser.go_on("/dsr/logout")
    page = await browser.see(led_to)

    assert "Logout" in home.texts('form[action="/dsr/logout"] button')
    assert [token] == [asked.session_token for asked in identity.heard(LogOut)]
    assert ["You have logged out."] == page.texts(".nhsuk-notification-banner--success p")


@pytest.mark.requirement("R-DSR-060")
async def test_after_logging_out_nothing_is_kept_for_the_back_button(browser: Browser) -> None:
    await browser.log_in()
    home = await browser.see("/dsr/home/")

    response = await browser.post("/dsr/logout")

    assert ("no-store", '"cache"') == (home.response.headers["Cache-Control"], response.headers["Clear-Site-Data"])
    assert ("", f"{LOGIN}?notice=asked") == (browser.cookie(SESSION), await browser.sent_to("/dsr/home/"))


async def test_who_logs_out_of_a_session_that_has_ended_is_told_so(browser: Browser, identity: StandInIdentity) -> None:
    await browser.log_in()
    await browser.see("/dsr/home/")
    identity.sessions.clear()

    page = await browser.send("/dsr/logout", {}, status=401)

    assert "Your session has ended" == page.heading


async def test_the_session_is_over_at_once_though_a_copy_of_the_cookie_remains(browser: Browser) -> None:
    await browser.log_in()
    await browser.see("/dsr/home/")
    token = browser.cookie(SESSION)
    await browser.go_on("/dsr/logout")

    response = await browser.client.get("/dsr/home/", cookies={SESSION: token}, allow_redirects=False)

    assert (303, f"{LOGIN}?notice=ended") == (response.status, response.headers["Location"])


async def test_a_form_without_the_token_of_its_page_is_not_taken(browser: Browser, identity: StandInIdentity) -> None:
    await browser.see(LOGIN)
    browser.token = "of another page"

    await browser.send(LOGIN, RIGHT, status=403)

    assert browser.cookie(FORM)
    assert [] == identity.heard(LogIn)


@pytest.mark.parametrize("page", ["", "pin", "register/", "register/done", "reminder/", "reminder/sent"])
async def test_pages_before_the_log_in_show_no_navigation_bar(browser: Browser, dsr: Definition, page: str) -> None:
    await browser.enter_password()

    seen = await browser.see(LOGIN + page)

    assert ([], [dsr.identity.site_name]) == (seen.texts(".nhsuk-header__navigation"), seen.texts("header a"))
    assert NAME not in seen.html

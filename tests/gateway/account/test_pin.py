"""Tests of the second step of a log-in: the code sent by mail."""

import pytest

from gateway.security.cookies import DEVICE, SESSION
from shared.contracts.identity import CancelAttempt, PinRefused, ResendPin, VerifyPin
from shared.messages import Refused
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_identity import PIN, StandInIdentity

PAGE = "/dsr/login/pin"


@pytest.mark.requirement("R-S117-005", "R-S117-006", "R-S117-007")
async def test_the_page_asks_for_the_code_that_was_mailed(browser: Browser) -> None:
    await browser.enter_password()

    page = await browser.see(PAGE)

    (field,) = page.tree.select("main input:not([type=hidden])")
    assert "Two Factor Authentication" == page.heading
    assert [
        "A verification code has been sent to your email. This code will be valid for 30 minutes.",
        "Please enter the code in the box below",
    ] == page.texts("main p")[:2]
    assert ("text", "XXXXXX", "one-time-code", "numeric") == tuple(
        field[name] for name in ("type", "placeholder", "autocomplete", "inputmode")
    )


@pytest.mark.requirement("R-S117-004", "R-S117-006")
async def test_the_field_names_the_code_as_the_page_and_as_the_email_does(browser: Browser) -> None:
    await browser.enter_password()

    page = await browser.see(PAGE)

    assert ["Verification code (PIN Access Code)"] == page.texts("main label")


@pytest.mark.requirement("R-S117-008")
async def test_verify_is_large_and_cancel_is_smaller_and_both_are_blue(browser: Browser) -> None:
    await browser.enter_password()

    page = await browser.see(PAGE)

    buttons = page.tree.select(".nhsuk-button-group button")
    assert ["Verify", "Cancel"] == page.texts(".nhsuk-button-group button")
    assert [True, True] == ["nhsuk-button--brand" in button["class"] for button in buttons]
    assert [False, True] == ["nhsuk-button--small" in button["class"] for button in buttons]


async def test_without_a_password_before_it_the_page_leads_back_to_the_first_step(browser: Browser) -> None:
    assert "/dsr/login/" == await browser.sent_to(PAGE)


@pytest.mark.requirement("R-S117-009")
@pytest.mark.parametrize("typed", [PIN, f" {PIN[:3]} {PIN[3:]} "])
async def test_the_right_code_opens_home(browser: Browser, typed: str) -> None:
    await browser.enter_password()

    led_to = await browser.go_on(PAGE, {"pin": typed})

    assert ("/dsr/home/", "Home") == (led_to, (await browser.see(led_to)).heading)
    assert not browser.has_attempt


async def test_the_session_that_the_browser_holds_is_named_so_that_it_ends(
    browser: Browser, identity: StandInIdentity
) -> None:
    await browser.log_in()
    earlier = browser.cookie(SESSION)

    await browser.log_in()

    assert [None, earlier] == [each.earlier_session for each in identity.heard(VerifyPin)]
    assert browser.cookie(SESSION) not in ("", earlier)


async def test_the_cookies_of_a_session_can_be_read_by_no_script_and_set_by_no_other_host(browser: Browser) -> None:
    await browser.enter_password()

    response = await browser.post(PAGE, {"pin": PIN})

    for name in (SESSION, DEVICE):
        cookie = response.cookies[name]
        assert (True, True, "/", "Lax", "") == tuple(
            cookie[part] for part in ("httponly", "secure", "path", "samesite", "domain")
        )
    assert ("", "7776000") == (response.cookies[SESSION]["max-age"], response.cookies[DEVICE]["max-age"])


async def test_a_temporary_password_leads_on_to_its_change(browser: Browser, identity: StandInIdentity) -> None:
    identity.must_change = True

    assert "/dsr/account/password" == await browser.log_in()


async def test_a_code_that_identity_refuses_gives_no_session(browser: Browser) -> None:
    await browser.enter_password()

    page = await browser.send(PAGE, {"pin": "111111"})

    assert [
        "The code is not right or no longer valid. Check the newest email, or ask for another code. Tries left: 4."
    ] == page.problems
    assert ("", True) == (browser.cookie(SESSION), browser.has_attempt)


async def test_the_page_says_how_many_tries_are_left(browser: Browser, identity: StandInIdentity) -> None:
    await browser.enter_password()
    identity.failing[VerifyPin] = Refused(PinRefused(tries_left=2))

    (problem,) = (await browser.send(PAGE, {"pin": "111111"})).problems

    assert problem.endswith("Tries left: 2.")


async def test_an_empty_code_and_an_endless_one_are_not_asked_about(
    browser: Browser, identity: StandInIdentity
) -> None:
    await browser.enter_password()

    empty, endless = await browser.send(PAGE, {"pin": " "}), await browser.send(PAGE, {"pin": "1" * 500})

    assert ["Enter the code from the email"] == empty.problems
    assert 1 == len(endless.problems)
    assert [] == identity.heard(VerifyPin)


async def test_a_log_in_that_is_over_begins_again_at_the_first_step(
    browser: Browser, identity: StandInIdentity
) -> None:
    await browser.enter_password()
    identity.failing[VerifyPin] = Refused("attempt_over")

    led_to = await browser.go_on(PAGE, {"pin": PIN})

    assert ("/dsr/login/?notice=over", False) == (led_to, browser.has_attempt)


async def test_sending_the_code_twice_leads_to_the_same_page(browser: Browser) -> None:
    await browser.enter_password()

    led_to = [await browser.go_on(PAGE, {"pin": PIN}) for _ in range(2)]

    assert ["/dsr/home/", "/dsr/home/"] == led_to


@pytest.mark.requirement("R-S117-011")
async def test_cancel_ends_the_log_in_and_returns_to_the_first_step(
    browser: Browser, identity: StandInIdentity
) -> None:
    await browser.enter_password()
    (attempt,) = identity.attempts

    led_to = await browser.go_on("/dsr/login/cancel")

    assert ("/dsr/login/", False) == (led_to, browser.has_attempt)
    assert [attempt] == [asked.attempt_token for asked in identity.heard(CancelAttempt)]


@pytest.mark.parametrize(
    ("refusal", "led_to", "said"),
    [
        (None, f"{PAGE}?notice=sent", "Another code has been sent. Earlier codes no longer work."),
        (
            "attempt_over",
            "/dsr/login/?notice=over",
            "This log-in has ended. Please log in again, and a new code will be sent to you.",
        ),
    ],
)
async def test_another_code_is_asked_for_and_what_came_of_it_is_said(
    browser: Browser, identity: StandInIdentity, refusal: str | None, led_to: str, said: str
) -> None:
    await browser.enter_password()
    if refusal:
        identity.failing[ResendPin] = Refused(refusal)

    assert led_to == await browser.go_on("/dsr/login/resend")
    assert [said] == (await browser.see(led_to)).texts(".nhsuk-notification-banner__content")


@pytest.mark.parametrize("path", [PAGE, "/dsr/login/resend"])
async def test_without_a_log_in_under_way_there_is_nothing_to_verify_or_to_send(browser: Browser, path: str) -> None:
    await browser.see("/dsr/login/")

    assert "/dsr/login/?notice=over" == await browser.go_on(path, {"pin": PIN})

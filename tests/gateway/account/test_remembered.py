"""Remembered browsers on pages: chosen at the log-in, let in after the password, listed, and ended."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from gateway.security.cookies import REMEMBERED
from shared.contracts.authenticator import ForgetRemembered, RememberedDevice
from shared.contracts.identity import LogIn, VerifyPin
from shared.messages import Refused
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_identity import EMAIL, PASSWORD, PIN, StandInIdentity

LOGIN, PIN_PAGE, APP, RECOVERY = "/dsr/login/", "/dsr/login/pin", "/dsr/login/app", "/dsr/login/recovery"
ACCOUNT = "/dsr/account/password"
BOX = "Do not ask for a code in this browser for 14 days"


async def enter_password(browser: Browser) -> str:
    await browser.see(LOGIN)
    return await browser.go_on(LOGIN, {"email": EMAIL, "password": PASSWORD})


@pytest.mark.requirement("R-USE-015")
async def test_who_ticks_the_box_is_not_asked_for_a_code_at_the_next_log_in(
    browser: Browser, identity: StandInIdentity
) -> None:
    identity.remember_days = 14
    await enter_password(browser)
    boxes = (await browser.see(PIN_PAGE)).texts("label")

    response = await browser.post(PIN_PAGE, {"pin": PIN, "remember": "yes"})
    first = browser.cookie(REMEMBERED)
    led_to = await enter_password_again(browser, identity)

    cookie = response.cookies[REMEMBERED]
    assert BOX in boxes
    assert (True, True, "/", "Lax", "", "3600") == tuple(
        cookie[part] for part in ("httponly", "secure", "path", "samesite", "domain", "max-age")
    )
    assert ("/dsr/home/", True) == (led_to, first not in ("", browser.cookie(REMEMBERED)))
    assert [None, first] == [asked.remember_token for asked in identity.heard(LogIn)]


async def enter_password_again(browser: Browser, identity: StandInIdentity) -> str:
    identity.sessions.clear()
    return await enter_password(browser)


async def test_a_remembered_browser_comes_to_the_page_that_was_asked_for(
    browser: Browser, identity: StandInIdentity
) -> None:
    identity.remember_days = 14
    await enter_password(browser)
    await browser.see(PIN_PAGE)
    await browser.post(PIN_PAGE, {"pin": PIN, "remember": "yes"})
    identity.sessions.clear()
    browser.client.session.cookie_jar.clear(lambda cookie: cookie.key == "__Host-ics-page")

    await browser.sent_to("/dsr/records/new")

    assert "/dsr/records/new" == await enter_password(browser)


async def test_without_the_box_or_the_offer_nothing_is_asked_of_identity(
    browser: Browser, identity: StandInIdentity
) -> None:
    await enter_password(browser)
    boxes = (await browser.see(PIN_PAGE)).texts("label")
    await browser.post(PIN_PAGE, {"pin": PIN, "remember": "yes"})

    assert BOX not in boxes
    assert [False] == [asked.remember for asked in identity.heard(VerifyPin)]


async def test_the_box_stands_beside_the_code_of_the_app_and_not_beside_a_recovery_code(
    browser: Browser, identity: StandInIdentity
) -> None:
    identity.remember_days = 14
    identity.add_app()
    await enter_password(browser)

    app, recovery = await browser.see(APP), await browser.see(RECOVERY)
    again = await browser.send(APP, {"code": "111111", "remember": "yes"})

    assert (True, False) == (BOX in app.texts("label"), BOX in recovery.texts("label"))
    assert 1 == len(again.tree.select("input[name=remember][checked]"))


async def test_a_remembered_browser_that_is_refused_after_all_begins_again(
    browser: Browser, identity: StandInIdentity
) -> None:
    identity.remember_days = 14
    await enter_password(browser)
    await browser.see(PIN_PAGE)
    await browser.post(PIN_PAGE, {"pin": PIN, "remember": "yes"})
    identity.failing[VerifyPin] = Refused("attempt_over")

    assert "/dsr/login/?notice=over" == await enter_password_again(browser, identity)


@pytest.mark.requirement("R-USE-015")
@pytest.mark.parametrize("refusal", [None, Refused("not_found")])
async def test_remembered_browsers_are_listed_and_ended(
    browser: Browser, identity: StandInIdentity, refusal: Refused | None
) -> None:
    until = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
    identity.devices = (RememberedDevice(device_id=UUID(int=5), browser="Edge on Windows", until=until),)
    browser.come_in(identity)
    if refusal:
        identity.failing[ForgetRemembered] = refusal

    page = await browser.see(ACCOUNT)
    led_to = await browser.go_on(f"/dsr/account/remembered/{UUID(int=5).hex}/end")

    assert "Browsers in which no code is asked" in page.texts("h2")
    assert "Edge on Windows Until 30/06/2026 at 13:00" in page.texts(".ics-covers__item span")
    assert [UUID(int=5)] == [asked.device_id for asked in identity.heard(ForgetRemembered)]
    assert "You will be asked for a code in that browser again." in (await browser.see(led_to)).html

"""Resetting the authenticator app of a user: what is asked first, and the code that is shown once."""

import pytest

from shared.contracts.users import ResetApp
from shared.messages import Refused
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_users import JO, StandInUsers

HERE = f"/dsr/administration/users/{JO.hex}/"
RESET = f"{HERE}app"


@pytest.mark.requirement("R-PRIV-004")
async def test_the_administrator_is_asked_to_check_the_person_and_gets_the_code_once(
    browser: Browser, users: StandInUsers
) -> None:
    users.may_reset_app = True
    user_page = await browser.see(HERE)
    asked = await browser.see(RESET)

    done = await browser.send(RESET, {}, status=200)

    assert "Reset the authenticator app" in user_page.texts("main a")
    assert "Jo Lark" in asked.html
    assert "First make sure that it is this person who asks." in asked.html
    assert (["ABCDE-FGHJK"], [JO]) == (done.texts(".ics-code"), [each.user_id for each in users.heard(ResetApp)])


async def test_without_a_role_that_needs_it_the_page_says_that_the_app_is_gone(
    browser: Browser, users: StandInUsers
) -> None:
    users.may_reset_app, users.reset_code = True, None
    await browser.see(RESET)

    led_to = await browser.go_on(RESET)

    assert f"{HERE}?notice=app_removed" == led_to
    assert "logs in with a code sent by email again" in (await browser.see(led_to)).html


async def test_a_user_whose_app_cannot_be_reset_has_no_link_and_no_page(browser: Browser, users: StandInUsers) -> None:
    page = await browser.see(HERE)

    assert "Reset the authenticator app" not in page.html
    assert HERE == await browser.sent_to(RESET)


@pytest.mark.parametrize("refusal", ["not_now", "elsewhere", "yourself"])
async def test_a_reset_that_is_refused_is_said_on_the_user_s_page(
    browser: Browser, users: StandInUsers, refusal: str
) -> None:
    users.may_reset_app = True
    await browser.see(RESET)
    users.failing[ResetApp] = Refused(refusal)

    led_to = await browser.go_on(RESET)

    assert "The authenticator app was not reset." in (await browser.see(led_to)).html

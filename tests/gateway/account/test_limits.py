"""What a page says when a limit is reached: which one, until when, and what was typed, except passwords."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from aiohttp import web

from gateway.ui.limits import retry_after, said_of
from shared.accounts import LimitName
from shared.contracts.identity import ChangePassword, LogIn, RemindPassword, ResendPin, TooManyTries
from shared.contracts.registration import RegisterAccount
from shared.messages import Message, Refused, Request
from shared.registers.definition.register import Definition
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_identity import EMAIL, PASSWORD, PIN, StandInIdentity
from tests.gateway.visit import Page

UNTIL = datetime(2026, 6, 17, 9, 41, 30, tzinfo=UTC)  # 10:41:30 in London
TYPED = {"email": EMAIL, "password": "Not-my-password", "first_name": "Ruby", "last_name": "Scarlet"}
PAGES: dict[str, tuple[type[Request[Message]], LimitName, str]] = {
    "/dsr/login/": (LogIn, "network_passwords", "Too many wrong passwords came from your network"),
    "/dsr/login/register/": (RegisterAccount, "network_registrations", "Too many accounts were registered from your"),
    "/dsr/login/reminder/": (RemindPassword, "network_reminders", "Too many new passwords were asked for from your"),
}


def reached(limit: LimitName) -> Refused:
    return Refused(TooManyTries(limit=limit, until=UNTIL))


def typed_in(page: Page) -> dict[str, str]:
    """Return what the visible fields of the page hold."""
    fields = [field for field in page.named("input") if field.get("type") != "hidden"]
    return {str(field["name"]): str(field.get("value", "")) for field in fields}


@pytest.mark.parametrize("path", PAGES)
async def test_the_form_stays_and_names_the_limit_and_its_end(
    browser: Browser, identity: StandInIdentity, path: str
) -> None:
    kind, limit, said = PAGES[path]
    identity.failing[kind] = reached(limit)
    await browser.see(path)

    page = await browser.send(path, TYPED, status=429)

    (problem,) = page.problems
    assert problem.startswith(said)
    assert "Try again after 10:42" in problem
    assert problem.endswith("email DynamicSupportRegister@mpft.nhs.uk: the limit can be raised.")
    assert {name: "" if name == "password" else TYPED[name] for name in typed_in(page)} == typed_in(page)
    assert "1" == page.response.headers["Retry-After"]


async def test_another_code_that_is_not_sent_yet_leaves_the_form_for_the_one_that_was(
    browser: Browser, identity: StandInIdentity
) -> None:
    await browser.enter_password()
    identity.failing[ResendPin] = reached("pins_resent")

    page = await browser.send("/dsr/login/resend", {}, status=429)

    assert ["Please wait before you ask for another code. Try again after 10:42."] == page.problems
    assert "/dsr/home/" == await browser.go_on("/dsr/login/pin", {"pin": PIN})


async def test_a_password_that_was_wrong_too_often_says_when_to_try_again(
    browser: Browser, identity: StandInIdentity
) -> None:
    browser.come_in(identity)
    identity.failing[ChangePassword] = reached("password_changes")

    answers = {"current": PASSWORD, "new": "Heath-Lark-28!", "confirm": "Heath-Lark-28!"}
    page = await browser.send("/dsr/account/password", answers, status=429)

    assert ["The current password was wrong too many times. Try again after 10:42."] == page.problems
    assert {"": 3} == {value: list(typed_in(page).values()).count(value) for value in typed_in(page).values()}


@pytest.mark.parametrize("limit", get_args(LimitName))
def test_each_limit_has_words_that_say_when(dsr: Definition, limit: LimitName) -> None:
    assert "Try again after 10:42" in said_of(dsr, TooManyTries(limit=limit, until=UNTIL))


@pytest.mark.parametrize(("left", "seconds"), [(timedelta(minutes=5), "301"), (timedelta(), "1"), (-timedelta(1), "1")])
def test_programs_are_told_how_long_to_wait(left: timedelta, seconds: str) -> None:
    response = retry_after(web.Response(), TooManyTries(limit="account", until=UNTIL), UNTIL - left)

    assert seconds == response.headers["Retry-After"]

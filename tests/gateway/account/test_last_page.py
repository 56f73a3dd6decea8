"""Tests of the end of a session: the reason that the log-in page gives, and the page shown after the next log-in."""

from uuid import UUID

import pytest

from gateway.security.cookies import PAGE
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_identity import StandInIdentity

NEW, HOME, LOGIN = "/dsr/records/new", "/dsr/home/", "/dsr/login/"


@pytest.fixture
async def left_at_a_form(browser: Browser, identity: StandInIdentity) -> Browser:
    """The browser of a user whose session ended while an empty form was open."""
    await browser.log_in()
    await browser.see(f"{NEW}?notice=anything")
    identity.sessions.clear()
    return browser


async def test_who_logs_in_again_goes_on_where_they_were(left_at_a_form: Browser) -> None:
    assert NEW == await left_at_a_form.log_in()


async def test_who_asks_for_a_page_of_a_session_that_has_ended_comes_to_it_after_the_log_in(
    left_at_a_form: Browser,
) -> None:
    assert f"{LOGIN}?notice=ended" == await left_at_a_form.sent_to(f"{HOME}?organisation=1")

    assert HOME == await left_at_a_form.log_in()


async def test_somebody_else_begins_at_home(left_at_a_form: Browser, identity: StandInIdentity) -> None:
    identity.user_id = UUID(int=99)

    assert HOME == await left_at_a_form.log_in()


async def test_who_logged_out_begins_at_home(browser: Browser) -> None:
    await browser.log_in()
    await browser.see(NEW)
    await browser.go_on("/dsr/logout")

    assert ("", HOME) == (browser.cookie(PAGE), await browser.log_in())


async def test_a_temporary_password_is_changed_before_anything_else(
    left_at_a_form: Browser, identity: StandInIdentity
) -> None:
    identity.must_change = True

    assert "/dsr/account/password" == await left_at_a_form.log_in()


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://example.org/",
        "//example.org/dsr/",
        "/dsr//example.org/",
        "/dsr/\\example.org/",
        "/dsr/../s117/home/",
        "/s117/home/",
        "/dsr/help/?name=Percy",
        "/dsr/help/%0d%0a",
        "",
    ],
)
async def test_nothing_but_a_path_of_the_register_is_gone_on_to(left_at_a_form: Browser, elsewhere: str) -> None:
    holder, _, _ = left_at_a_form.cookie(PAGE).partition(".")
    jar, here = left_at_a_form.client.session.cookie_jar, left_at_a_form.client.make_url("/")
    jar.update_cookies({PAGE: f"{holder}.{elsewhere}"}, here)

    assert HOME == await left_at_a_form.log_in()
    assert f"{holder}.{elsewhere}" == left_at_a_form.cookie(PAGE)


async def test_what_a_script_fetches_is_no_page_that_somebody_was_on(browser: Browser) -> None:
    await browser.log_in()
    await browser.see(NEW)
    await browser.client.get(HOME, headers={"Sec-Fetch-Dest": "empty"})

    assert browser.cookie(PAGE).endswith(f".{NEW}")


async def test_the_way_back_in_says_why_one_is_out(browser: Browser) -> None:
    await browser.log_in()
    page = await browser.see(NEW)
    (link,) = page.tree.select("#time-out a")

    notice = (await Browser(browser.client).see(str(link["href"]))).texts(".nhsuk-notification-banner p")

    assert "You were logged out because the register was not used for a while. What you typed was kept." in notice

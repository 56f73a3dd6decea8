"""Tests of the page after a log-in: the one that was asked for, or the one where the last session ended."""

from urllib.parse import quote
from uuid import UUID

import pytest

from gateway.security.cookies import PAGE
from gateway.server.app import AppContext
from shared.contracts.referrals.reading import ReadRecord
from shared.fake_bus import FakeBus
from shared.messages import Nothing, Refused
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_identity import EMAIL, PASSWORD, PIN, StandInIdentity

NEW, HOME, LOGIN = "/dsr/records/new", "/dsr/home/", "/dsr/login/"
RECORD = f"/dsr/records/{UUID(int=5).hex}/"
ASKED = "Log in to see the page that you asked for."
FROM_A_MAIL, BY_ITSELF, FROM_US = ({"Sec-Fetch-Site": site} for site in ("cross-site", "none", "same-origin"))


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


# --------------------------------------------------------------------------------- a page asked for without a session
async def test_a_page_that_is_asked_for_without_a_session_opens_after_the_log_in(browser: Browser) -> None:
    login = await browser.sent_to(RECORD)
    page = await browser.see(login)

    assert (f"{LOGIN}?notice=asked", [ASKED]) == (login, page.texts(".nhsuk-notification-banner p"))
    assert RECORD == await browser.log_in()


async def test_it_opens_after_a_log_out_too(browser: Browser) -> None:
    await browser.log_in()
    await browser.see(NEW)
    await browser.go_on("/dsr/logout")
    await browser.sent_to(RECORD)

    assert RECORD == await browser.log_in()


async def test_it_keeps_its_query_but_not_what_is_said_once(browser: Browser) -> None:
    await browser.sent_to("/dsr/records/?rating=red&notice=updated&sort=rating")

    assert "/dsr/records/?rating=red&sort=rating" == await browser.log_in()


async def test_it_opens_after_the_change_of_a_temporary_password(browser: Browser, identity: StandInIdentity) -> None:
    identity.must_change = True
    await browser.sent_to(RECORD)

    first = await browser.log_in()
    await browser.see(first)
    last = await browser.go_on(first, {"current": PASSWORD, "new": "Another-1-word", "confirm": "Another-1-word"})

    assert ("/dsr/account/password", RECORD) == (first, last)


async def test_it_opens_after_a_reminder_although_the_log_in_page_is_opened_afresh(browser: Browser) -> None:
    await browser.sent_to(RECORD)
    await browser.see(f"{LOGIN}reminder/")
    await browser.go_on(f"{LOGIN}reminder/", {"email": EMAIL})

    await browser.client.get(LOGIN, headers=FROM_A_MAIL)

    assert RECORD == await browser.log_in()


async def test_it_opens_once(browser: Browser) -> None:
    await browser.sent_to(RECORD)
    await browser.log_in()
    await browser.see(HOME)
    await browser.go_on("/dsr/logout")

    assert HOME == await browser.log_in()


async def test_a_second_click_on_the_code_leads_to_the_same_page(browser: Browser) -> None:
    await browser.sent_to(RECORD)
    await browser.enter_password()

    assert [RECORD] * 2 == [await browser.go_on("/dsr/login/pin", {"pin": PIN}) for _ in range(2)]


async def test_who_cancels_the_log_in_begins_at_home(browser: Browser) -> None:
    await browser.sent_to(RECORD)
    await browser.enter_password()
    await browser.go_on("/dsr/login/cancel")

    assert HOME == await browser.log_in()


@pytest.mark.parametrize("start", [LOGIN, "/dsr/"])
async def test_who_comes_to_log_in_by_themselves_does_not_get_the_page_of_another(browser: Browser, start: str) -> None:
    await browser.sent_to(RECORD)

    await browser.client.get(start, headers=BY_ITSELF)

    assert HOME == await browser.log_in()


async def test_who_logs_in_while_another_waits_for_the_code_does_not_get_their_page(
    browser: Browser, identity: StandInIdentity
) -> None:
    await browser.sent_to(RECORD)
    await browser.enter_password()
    identity.further.add("calum@mpft.nhs.uk")

    await browser.go_on(LOGIN, {"email": "calum@mpft.nhs.uk", "password": PASSWORD})

    assert HOME == await browser.go_on("/dsr/login/pin", {"pin": PIN})


async def test_a_log_in_that_is_begun_again_leads_to_the_page_all_the_same(browser: Browser) -> None:
    await browser.sent_to(RECORD)
    await browser.enter_password()

    assert RECORD == await browser.log_in()


async def test_what_may_not_be_seen_is_not_found_as_ever(
    browser: Browser, identity: StandInIdentity, context: AppContext
) -> None:
    await browser.sent_to(RECORD)
    await _answers_not_found(context)

    page = await browser.see(await browser.log_in(), status=404)

    assert ("Page not found", ["/dsr/home/"]) == (page.heading, [str(a["href"]) for a in page.tree.select("main p a")])


async def test_where_a_session_ended_on_a_page_that_has_gone_home_says_so(
    left_at_a_form: Browser, context: AppContext
) -> None:
    await _answers_not_found(context)
    await left_at_a_form.sent_to(RECORD)

    home = await left_at_a_form.sent_to(await left_at_a_form.log_in())

    said = (await left_at_a_form.see(home)).texts(".nhsuk-notification-banner p")
    assert (f"{HOME}?notice=gone", ["The page that was open when your session ended is no longer there."]) == (
        home,
        said,
    )
    await left_at_a_form.see(RECORD, status=404)


async def _answers_not_found(context: AppContext) -> None:
    async def refuse(_asked: object, _context: object) -> Nothing:
        raise Refused("not_found")

    assert isinstance(context.bus, FakeBus)
    await FakeBus("referrals", context.bus.wire).answer(ReadRecord, refuse)


async def test_a_link_from_a_mail_belongs_to_who_logs_in_for_it_and_not_to_the_session_that_ended(
    left_at_a_form: Browser, identity: StandInIdentity
) -> None:
    identity.user_id = UUID(int=99)
    await left_at_a_form.client.get(RECORD, headers=FROM_A_MAIL, allow_redirects=False)

    assert RECORD == await left_at_a_form.log_in()


@pytest.mark.parametrize("headers", [FROM_US, {}])
async def test_a_page_left_open_asks_for_the_user_of_its_session_alone(
    left_at_a_form: Browser, identity: StandInIdentity, headers: dict[str, str]
) -> None:
    identity.user_id = UUID(int=99)
    await left_at_a_form.client.get(RECORD, headers=headers, allow_redirects=False)

    assert HOME == await left_at_a_form.log_in()


@pytest.mark.parametrize("typed", ["Percy Redfern", "Ren\u00e9e"])
async def test_an_address_with_typed_text_is_not_kept(left_at_a_form: Browser, typed: str) -> None:
    await left_at_a_form.client.get(f"/dsr/records/{quote(typed)}/", headers=FROM_A_MAIL, allow_redirects=False)

    assert left_at_a_form.cookie(PAGE).endswith(f".{NEW}")


@pytest.mark.parametrize("path", ["/dsr/account/session", f"/dsr/reporting/jobs/{UUID(int=1).hex}/file"])
async def test_what_is_no_page_is_not_gone_on_to(browser: Browser, path: str) -> None:
    assert (LOGIN, HOME) == (await browser.sent_to(path), await browser.log_in())

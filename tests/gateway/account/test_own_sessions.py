"""Where a user is logged in: the list on the account's page, ending a session, and the notice of a limit."""

from uuid import UUID

import pytest

from gateway.ui.browsers import browser_in_words
from shared.contracts.identity import EndOwnSession, ListOwnSessions, SessionOpened, VerifyPin
from shared.messages import Fault, NotAnswered, Refused
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_identity import PIN, StandInIdentity

PAGE = "/dsr/account/password"
END = f"/dsr/account/sessions/{UUID(int=9).hex}/end"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120 Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17 Safari/605.1.15"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/120 Mobile Safari/604.1"


async def test_the_accounts_page_says_where_the_user_is_logged_in(browser: Browser, identity: StandInIdentity) -> None:
    browser.come_in(identity)

    page = await browser.see(PAGE)

    here, there = page.texts(".ics-covers__item")
    assert "Where you are logged in" in page.texts("h2")
    assert here == (
        "Edge on Windows (this browser) Logged in on 17/06/2026 at 13:00, last used on 17/06/2026 at 13:05, "
        "from the network address 192.0.2.1"
    )
    assert there.startswith("Safari on an iPhone Logged in on")
    assert [END] == [form["action"] for form in page.named("form") if "/sessions/" in str(form.get("action"))]


@pytest.mark.parametrize("refusal", [None, Refused("not_found")])
async def test_a_session_is_ended_by_its_button(
    browser: Browser, identity: StandInIdentity, refusal: Refused | None
) -> None:
    browser.come_in(identity)
    if refusal:
        identity.failing[EndOwnSession] = refusal

    led_to = await browser.go_on(END)

    assert [UUID(int=9)] == [asked.session_id for asked in identity.heard(EndOwnSession)]
    assert ["The session has been ended."] == (await browser.see(led_to)).texts(".nhsuk-notification-banner__content")


async def test_without_the_list_the_password_can_be_changed_all_the_same(
    browser: Browser, identity: StandInIdentity
) -> None:
    browser.come_in(identity)
    identity.failing[ListOwnSessions] = NotAnswered(Fault.TOO_LATE)

    page = await browser.see(PAGE)

    assert ([], 3) == (page.texts(".ics-covers__item"), len(page.texts("main label")))


async def test_who_must_change_a_temporary_password_does_that_first(
    browser: Browser, identity: StandInIdentity
) -> None:
    identity.must_change = True
    browser.come_in(identity)

    assert [] == (await browser.see(PAGE)).texts(".ics-covers__item")


async def test_a_log_in_tells_identity_of_the_browser_in_plain_words(
    browser: Browser, identity: StandInIdentity
) -> None:
    await browser.enter_password()
    await browser.client.post(
        "/dsr/login/pin", data={"pin": PIN, "csrf_token": browser.token}, headers={"User-Agent": WINDOWS}
    )

    assert [("Chrome on Windows", "127.0.0.1")] == [(each.browser, each.address) for each in identity.heard(VerifyPin)]


async def test_who_is_logged_in_too_often_is_told_that_the_oldest_session_ended(
    browser: Browser, identity: StandInIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_session = identity.open_session

    def opened() -> SessionOpened:
        return open_session().model_copy(update={"ended_others": 1})

    monkeypatch.setattr(identity, "open_session", opened)

    page = await browser.see(await browser.log_in())

    (said,) = page.texts(".nhsuk-notification-banner__content")
    assert said.startswith("You were logged in in too many browsers, so the session that you opened first was ended.")


@pytest.mark.parametrize(
    ("user_agent", "said"),
    [
        (WINDOWS, "Chrome on Windows"),
        (f"{WINDOWS} Edg/120", "Edge on Windows"),
        (f"{WINDOWS} OPR/105", "Opera on Windows"),
        (MAC, "Safari on a Mac"),
        (PHONE, "Chrome on an iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537 Chrome/120 Mobile Safari/537", "Chrome on an Android device"),
        ("Firefox/1", "Firefox"),
        ("curl/8 <script>", ""),
        ("", ""),
    ],
)
def test_a_browser_is_named_in_plain_words_and_never_in_its_own(user_agent: str, said: str) -> None:
    assert said == browser_in_words(user_agent)

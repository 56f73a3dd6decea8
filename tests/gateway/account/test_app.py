"""The authenticator app on pages: added, asked for at the log-in, replaced by a recovery code, and removed."""

import pytest

from services.identity.rules.authenticator import uri_of
from shared.contracts.authenticator import BeginApp, ConfirmApp, RemoveApp, RenewRecoveryCodes
from shared.contracts.identity import PinRefused, VerifyPin
from shared.messages import Refused
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_identity import (
    EMAIL,
    KEY,
    PASSWORD,
    PIN,
    RECOVERY_CODES,
    URI,
    StandInIdentity,
)

PAGE = "/dsr/account/app"
CONFIRM = f"{PAGE}/confirm"
APP, RECOVERY = "/dsr/login/app", "/dsr/login/recovery"
BOTH = {"current": PASSWORD, "code": PIN}


async def enter_password(browser: Browser) -> str:
    await browser.see("/dsr/login/")
    return await browser.go_on("/dsr/login/", {"email": EMAIL, "password": PASSWORD})


@pytest.mark.requirement("R-USE-015")
async def test_an_app_is_added_by_its_picture_or_by_its_key(browser: Browser, identity: StandInIdentity) -> None:
    browser.come_in(identity)
    await browser.see(PAGE)

    picture = await browser.send(PAGE, {"current": PASSWORD}, status=200)
    kept = await browser.send(CONFIRM, {"uri": URI, "code": "024 680"}, status=200)

    assert 1 == len(picture.named("svg"))
    assert [" ".join(KEY[at : at + 4] for at in range(0, 32, 4))] == picture.texts(".ics-code")
    assert [PIN] == [asked.code for asked in identity.heard(ConfirmApp)]
    assert list(RECOVERY_CODES) == kept.texts(".ics-codes li")
    page = await browser.see(PAGE)
    assert "Recovery codes left: 10. You need them if you lose your phone." in page.texts("p")


async def test_a_wrong_password_shows_no_picture(browser: Browser, identity: StandInIdentity) -> None:
    browser.come_in(identity)

    page = await browser.send(PAGE, {"current": "wrong"})

    assert (["The current password is not right"], []) == (page.problems, page.named("svg"))


async def test_after_a_wrong_code_the_same_picture_is_shown_again(browser: Browser, identity: StandInIdentity) -> None:
    browser.come_in(identity)

    again = await browser.send(CONFIRM, {"uri": URI, "code": "111111"})
    empty = await browser.send(CONFIRM, {"uri": URI, "code": ""})

    assert again.problems[0].startswith("The code is not right. Enter the newest code that the app shows.")
    assert ["Enter the code from the app"] == empty.problems
    assert [1, 1] == [len(page.named("svg")) for page in (again, empty)]
    assert 1 == len(identity.heard(ConfirmApp))


@pytest.mark.parametrize("uri", ["", "https://example.org/", f"{URI}<script>", "otpauth://totp/" + "a" * 2_000])
async def test_a_picture_that_is_not_ours_is_not_drawn(browser: Browser, identity: StandInIdentity, uri: str) -> None:
    browser.come_in(identity)

    assert 400 == (await browser.post(CONFIRM, {"uri": uri, "code": PIN})).status


@pytest.mark.parametrize("site", ["Staffordshire DSR", "DSR/S117", "Cofrestr: Gŵyl & Co", "#1 ~ (50%)"])
async def test_a_picture_of_any_site_and_address_is_drawn_again(
    browser: Browser, identity: StandInIdentity, site: str
) -> None:
    browser.come_in(identity)
    uri = uri_of(KEY, "o'neill+a/b&c=d_*{x}~#$?^|@mpft.nhs.uk", site)

    again = await browser.send(CONFIRM, {"uri": uri, "code": ""})

    assert ["Enter the code from the app"] == again.problems
    assert 1 == len(again.named("svg"))


async def test_a_picture_that_waited_too_long_begins_again(browser: Browser, identity: StandInIdentity) -> None:
    browser.come_in(identity)
    identity.failing[ConfirmApp] = Refused("not_begun")

    assert f"{PAGE}?notice=not_begun" == await browser.go_on(CONFIRM, {"uri": URI, "code": PIN})


@pytest.mark.requirement("R-USE-015")
async def test_who_has_an_app_is_asked_for_its_code_in_place_of_a_pin(
    browser: Browser, identity: StandInIdentity
) -> None:
    identity.add_app()

    led_to = await enter_password(browser)
    page = await browser.see(APP)
    wrong = await browser.send(APP, {"code": "111111"})

    assert (APP, "/dsr/home/") == (led_to, await browser.go_on(APP, {"code": PIN}))
    assert "Use a recovery code" in page.texts("a")
    assert wrong.problems[0].endswith("Wait until the app shows a new code, and enter that one. Tries left: 4.")


async def test_a_recovery_code_is_sent_without_its_hyphen(browser: Browser, identity: StandInIdentity) -> None:
    identity.add_app()
    await enter_password(browser)
    await browser.see(RECOVERY)
    identity.failing[VerifyPin] = Refused(PinRefused(tries_left=2))

    page = await browser.send(RECOVERY, {"code": " abcde-fghjk "})

    assert ["The recovery code is not right, or it has been used before. Tries left: 2."] == page.problems
    assert ["abcdefghjk"] == [asked.pin for asked in identity.heard(VerifyPin)]


@pytest.mark.parametrize("path", [APP, RECOVERY])
async def test_without_a_log_in_under_way_there_is_no_code_to_send(browser: Browser, path: str) -> None:
    assert "/dsr/login/" == await browser.sent_to(path)


async def test_new_recovery_codes_take_password_and_code(browser: Browser, identity: StandInIdentity) -> None:
    identity.add_app()
    browser.come_in(identity)
    await browser.see(f"{PAGE}/codes")

    wrong = await browser.send(f"{PAGE}/codes", {**BOTH, "code": "111111"})
    page = await browser.send(f"{PAGE}/codes", {"current": PASSWORD, "code": RECOVERY_CODES[0]}, status=200)

    assert (1, list(RECOVERY_CODES)) == (len(wrong.problems), page.texts(".ics-codes li"))
    assert 2 == len(identity.heard(RenewRecoveryCodes))


async def test_the_app_is_removed_with_password_and_code(browser: Browser, identity: StandInIdentity) -> None:
    identity.add_app()
    browser.come_in(identity)
    await browser.see(f"{PAGE}/remove")

    wrong = await browser.send(f"{PAGE}/remove", {**BOTH, "current": "wrong"})
    led_to = await browser.go_on(f"{PAGE}/remove", BOTH)

    assert ["The current password is not right"] == wrong.problems
    assert ["The authenticator app has been removed."] == (await browser.see(led_to)).texts(
        ".nhsuk-notification-banner__content"
    )


async def test_secrets_too_long_to_be_ours_are_not_asked_about(browser: Browser, identity: StandInIdentity) -> None:
    identity.add_app()
    browser.come_in(identity)

    for answers in ({"current": "x" * 2_000, "code": PIN}, {"current": PASSWORD, "code": "1" * 200}):
        assert 1 == len((await browser.send(f"{PAGE}/remove", answers)).problems)
    assert [] == identity.heard(RemoveApp)


@pytest.mark.parametrize(("added", "said"), [(False, "sent to your email."), (True, "from your authenticator app.")])
async def test_the_account_s_page_says_how_the_user_logs_in(
    browser: Browser, identity: StandInIdentity, added: bool, said: str
) -> None:
    if added:
        identity.add_app()
    browser.come_in(identity)

    page = await browser.see("/dsr/account/password")

    assert [f"You log in with your password and a code {said}"] == [
        text for text in page.texts("main p") if text.startswith("You log in with")
    ]


@pytest.mark.requirement("R-PRIV-004")
async def test_who_must_add_an_app_comes_to_no_other_page(browser: Browser, identity: StandInIdentity) -> None:
    identity.must_add_app = True
    browser.come_in(identity)

    paths = ("/dsr/home/", "/dsr/records/", "/dsr/records/new", "/dsr/reporting/", "/dsr/administration/users/")
    assert [PAGE] * len(paths) == [await browser.sent_to(path) for path in paths]
    assert PAGE == await browser.go_on("/dsr/records/")
    page = await browser.see(PAGE)
    assert "Your role needs an authenticator app. Add one before you go on." in page.texts("p")
    assert (await browser.see("/dsr/account/password")).heading


async def test_a_temporary_password_is_changed_before_an_app_is_added(
    browser: Browser, identity: StandInIdentity
) -> None:
    identity.must_change = identity.must_add_app = True
    browser.come_in(identity)

    assert "/dsr/account/password" == await browser.sent_to(PAGE)


async def test_who_had_to_add_an_app_goes_on_to_the_page_they_asked_for(
    browser: Browser, identity: StandInIdentity
) -> None:
    identity.must_add_app = True
    await browser.sent_to("/dsr/records/new")
    assert "/dsr/records/new" == await browser.log_in()
    assert PAGE == await browser.sent_to("/dsr/records/new")
    await browser.see(PAGE)
    await browser.send(PAGE, {"current": PASSWORD}, status=200)

    page = await browser.send(CONFIRM, {"uri": URI, "code": PIN}, status=200)

    assert ["/dsr/records/new"] == [
        str(link["href"]) for link in page.named("a") if link.text == "I have kept the codes"
    ]
    assert [PASSWORD] == [asked.current_password for asked in identity.heard(BeginApp)]

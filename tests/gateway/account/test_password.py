"""Tests of changing a password and of the password reminder."""

import time

import pytest

from gateway.pages.account import same_time
from gateway.security.cookies import SESSION
from shared.contracts.identity import ChangePassword, PasswordUnmet, PasswordWrong, RemindPassword
from shared.messages import Refused
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_identity import EMAIL, PASSWORD, RULE, StandInIdentity
from tests.gateway.visit import words

PAGE = "/dsr/account/password"
REMINDER = "/dsr/login/reminder/"
ANSWERS = {"current": PASSWORD, "new": "Sorrel-Canter-77", "confirm": "Sorrel-Canter-77"}


@pytest.fixture
async def inside(browser: Browser, identity: StandInIdentity) -> Browser:
    browser.come_in(identity)
    return browser


@pytest.mark.requirement("R-DSR-050", "R-DSR-051", "R-DSR-056")
async def test_the_form_has_three_passwords_with_hints_inside_and_one_button(inside: Browser) -> None:
    page = await inside.see(PAGE)

    fields = page.tree.select("main input[type=password]")
    assert "Change Password" == page.heading
    assert ["Current Password", "New Password", "Confirm New Password"] == page.texts("main label")
    assert ["Your current password", "Enter new password", "Re-type your new password"] == [
        str(field["placeholder"]) for field in fields
    ]
    assert "Submit" == page.texts("main form > button")[0]


@pytest.mark.requirement("R-DSR-049")
async def test_the_page_needs_a_log_in_and_is_in_the_navigation_bar(browser: Browser) -> None:
    assert "/dsr/login/?notice=asked" == await browser.sent_to(PAGE)

    await browser.log_in()
    link = (await browser.see("/dsr/home/")).tree.select_one(f'.nhsuk-header__navigation a[href="{PAGE}"]')

    assert "Change Password" == words(link)


@pytest.mark.requirement("R-S117-013")
async def test_the_name_at_the_top_leads_to_ones_own_page(inside: Browser) -> None:
    link = (await inside.see("/dsr/home/")).tree.select_one(".nhsuk-header__account a")

    assert link is not None
    assert ("User logged in: Jayne Billings", PAGE) == (words(link), str(link["href"]).removesuffix("#sessions"))
    assert str(link["href"]).endswith("#sessions")


async def test_the_rule_in_force_is_printed_and_read_out_with_the_field(inside: Browser) -> None:
    page = await inside.see(PAGE)

    assert [words_of.strip() for words_of in RULE] == page.texts("#new-hint li")
    assert ["new-hint"] == [field["aria-describedby"] for field in page.tree.select("#new")]


async def test_the_sentences_that_a_password_does_not_keep_are_named_and_no_others(
    inside: Browser, identity: StandInIdentity
) -> None:
    identity.failing[ChangePassword] = Refused(PasswordUnmet(sentences=(1, 3)))

    page = await inside.send(PAGE, ANSWERS)

    assert [f"{RULE[0]}{RULE[2]}"] == page.problems
    assert "Sorrel" not in page.html


async def test_a_password_longer_than_any_rule_allows_is_refused_by_the_rule(
    inside: Browser, identity: StandInIdentity
) -> None:
    page = await inside.send(PAGE, ANSWERS | {"new": "a" * 2000, "confirm": "a" * 2000})

    assert (["".join(RULE)], []) == (page.problems, identity.heard(ChangePassword))


@pytest.mark.requirement("R-DSR-054")
@pytest.mark.parametrize("typed", ["Wrong-1", "x" * 2000])
async def test_a_wrong_current_password_is_refused(inside: Browser, typed: str) -> None:
    page = await inside.send(PAGE, ANSWERS | {"current": typed})

    assert ["The current password is not right"] == page.problems


@pytest.mark.requirement("R-DSR-055")
async def test_the_new_password_and_its_confirmation_must_be_equal(inside: Browser, identity: StandInIdentity) -> None:
    page = await inside.send(PAGE, ANSWERS | {"confirm": "Sorrel-Canter-78"})

    assert ["New Password and Confirm New Password must be the same"] == page.problems
    assert [False] == [asked.confirmed for asked in identity.heard(ChangePassword)]


async def test_every_fault_is_said_at_once(inside: Browser, identity: StandInIdentity) -> None:
    identity.failing[ChangePassword] = Refused(PasswordWrong(sentences=(2,)))

    page = await inside.send(PAGE, ANSWERS | {"confirm": "Sorrel-Canter-78"})

    assert [
        "The current password is not right",
        RULE[1].strip(),
        "New Password and Confirm New Password must be the same",
    ] == page.problems


async def test_each_empty_field_has_its_own_message(inside: Browser) -> None:
    page = await inside.send(PAGE, {"current": "", "new": "", "confirm": ""})

    assert ["Enter your current password", "Enter a new password"] == page.problems


async def test_the_current_password_is_not_taken_for_a_new_one(inside: Browser, identity: StandInIdentity) -> None:
    identity.failing[ChangePassword] = Refused("password_unchanged")

    assert ["Choose a new password that is not your current one"] == (await inside.send(PAGE, ANSWERS)).problems


@pytest.mark.requirement("R-S117-016")
async def test_success_is_said_and_this_browser_goes_on_under_a_new_session(
    inside: Browser, identity: StandInIdentity
) -> None:
    before = inside.cookie(SESSION)

    page = await inside.see(await inside.go_on(PAGE, ANSWERS))

    said = "Successfully updated password. Use this when logging in next."
    assert [said] == page.texts(".nhsuk-notification-banner--success p")
    assert ({inside.cookie(SESSION)}, True) == (identity.sessions, before != inside.cookie(SESSION))


@pytest.mark.requirement("R-DSR-040", "R-DSR-065")
async def test_after_a_temporary_password_the_page_asks_for_a_change_and_nothing_else_opens(
    browser: Browser, identity: StandInIdentity
) -> None:
    identity.must_change = True
    page = await browser.see(await browser.log_in())
    turned_back = await browser.sent_to("/dsr/home/")

    assert ["You logged in with a temporary password. Choose your own password before you continue."] == page.texts(
        ".nhsuk-inset-text p"
    )
    assert PAGE == turned_back
    assert "/dsr/home/?notice=changed" == await browser.go_on(PAGE, ANSWERS)


async def test_one_may_log_out_before_changing_a_temporary_password(
    browser: Browser, identity: StandInIdentity
) -> None:
    identity.must_change = True
    await browser.see(await browser.log_in())

    assert "/dsr/login/?notice=out" == await browser.go_on("/dsr/logout")


@pytest.mark.requirement("R-DSR-061", "R-DSR-062", "R-DSR-066")
async def test_the_reminder_asks_for_the_address_and_says_where_to_look(browser: Browser) -> None:
    login = await browser.see("/dsr/login/")
    forgot = login.tree.select_one("main p a")
    page = await browser.see(str(forgot["href"]) if forgot else "")

    assert ("Password Reminder", ["Email Address"]) == (page.heading, page.texts("main label"))
    assert (["Send New Password"], ["Back to login"]) == (page.texts("main button"), page.texts("main p a"))
    assert [
        "If you do not receive an email, please check your junk folder. If it is not there either, please contact a "
        "system administrator."
    ] == page.texts("main p")[:1]


async def test_the_reminder_is_asked_for_and_its_answer_names_no_address(
    browser: Browser, identity: StandInIdentity
) -> None:
    await browser.see(REMINDER)

    page = await browser.see(await browser.go_on(REMINDER, {"email": f" {EMAIL.upper()} "}))

    assert [EMAIL] == [asked.email for asked in identity.heard(RemindPassword)]
    assert page.texts("main p")[0].startswith("If there is a matching email address on the system, an email will")
    assert EMAIL not in page.html


async def test_the_time_of_its_answer_does_not_tell_whether_the_address_has_an_account(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account means one mail more to write."""
    monkeypatch.setattr(same_time, "LEAST_SECONDS", 0.2)
    await browser.see(REMINDER)

    began = time.monotonic()
    await browser.post(REMINDER, {"email": EMAIL})

    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter your email address"),
        ("nobody", "Enter an email address in the correct format, like name@example.nhs.uk"),
    ],
)
async def test_what_is_no_address_is_said_to_be_none(
    browser: Browser, identity: StandInIdentity, typed: str, said: str
) -> None:
    await browser.see(REMINDER)

    assert [said] == (await browser.send(REMINDER, {"email": typed})).problems
    assert [] == identity.heard(RemindPassword)

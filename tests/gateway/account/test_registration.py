"""Tests of the pages that register an account."""

import time

import pytest

from gateway.pages.account import same_time
from shared.contracts.registration import InvalidRegistrant, RegisterAccount
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.values import ValueFault
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_identity import StandInIdentity

PAGE = "/dsr/login/register/"
ANSWERS = {"first_name": "Ruby", "last_name": "Scarlet", "email": "ruby.scarlet@mpft.nhs.uk"}


@pytest.mark.requirement("R-DSR-033", "R-DSR-034", "R-DSR-036")
async def test_the_form_has_three_fields_and_one_button(browser: Browser) -> None:
    page = await browser.see(PAGE)

    assert "Register Account" == page.heading
    assert ["First Name", "Last Name", "Email Address"] == page.texts("main label")
    assert ["Register"] == page.texts("main button")


@pytest.mark.requirement("R-DSR-035")
async def test_each_empty_field_has_its_own_error_and_no_account_is_asked_for(
    browser: Browser, identity: StandInIdentity
) -> None:
    await browser.see(PAGE)

    page = await browser.send(PAGE, dict.fromkeys(ANSWERS, " "))

    assert ["Enter your first name", "Enter your last name", "Enter your email address"] == page.problems
    assert page.problems == [said.removeprefix("Error: ") for said in page.texts(".nhsuk-error-message")]
    assert [] == identity.heard(RegisterAccount)


async def test_what_was_typed_is_asked_for_and_the_answer_says_where_to_look(
    browser: Browser, identity: StandInIdentity
) -> None:
    await browser.see(PAGE)

    page = await browser.see(await browser.go_on(PAGE, ANSWERS))

    (asked,) = identity.heard(RegisterAccount)
    assert ("dsr", *ANSWERS.values()) == (asked.register_code, asked.first_name, asked.last_name, asked.email)
    assert "Check your email" == page.heading
    assert "a welcome message will be sent to your email address" in page.html


@pytest.mark.parametrize("refusal", [None, "not_open"])
async def test_the_time_of_an_answer_does_not_tell_what_was_done(
    browser: Browser, identity: StandInIdentity, monkeypatch: pytest.MonkeyPatch, refusal: str | None
) -> None:
    """A new address is more work than one that has an account. Both answers take the same time, which is longer."""
    monkeypatch.setattr(same_time, "LEAST_SECONDS", 0.2)
    if refusal:
        identity.failing[RegisterAccount] = Refused(refusal)
    await browser.see(PAGE)

    began = time.monotonic()
    await browser.post(PAGE, ANSWERS)

    assert time.monotonic() - began >= 0.2


@pytest.mark.requirement("R-DSR-041")
async def test_an_address_from_elsewhere_is_told_whom_to_write_to(
    browser: Browser, identity: StandInIdentity, dsr: Definition
) -> None:
    identity.failing[RegisterAccount] = Refused("domain_not_accepted")
    await browser.see(PAGE)

    page = await browser.send(PAGE, ANSWERS | {"email": "ruby@example.org"}, status=403)

    administrator = dsr.contact.administrator_email
    assert "This email address cannot register" == page.heading
    assert [f"mailto:{administrator}"] == [str(link["href"]) for link in page.tree.select("main p a[href^=mailto]")]
    assert f"Please email the system administrator at {administrator}" in page.texts("main p")[1]


async def test_what_identity_does_not_take_is_said_at_its_field(browser: Browser, identity: StandInIdentity) -> None:
    wrong = InvalidRegistrant(
        wrong={"first_name": ValueFault.TOO_LONG, "last_name": ValueFault.CHARACTERS, "email": ValueFault.EMAIL}
    )
    identity.failing[RegisterAccount] = Refused(wrong)
    await browser.see(PAGE)

    page = await browser.send(PAGE, ANSWERS | {"first_name": "R" * 400})

    assert [
        "First Name must be 60 characters or fewer. You typed 400.",
        "Last Name can have only letters, spaces, hyphens, apostrophes and full stops",
        "Enter an email address in the correct format, like name@example.nhs.uk",
    ] == page.problems


async def test_where_administrators_make_the_accounts_the_page_says_so(
    browser: Browser, identity: StandInIdentity
) -> None:
    page = await browser.see("/closed/login/register/")
    login = await browser.see("/closed/login/")
    sent = await browser.send("/closed/login/register/", ANSWERS, status=403)

    assert ("Accounts are made by administrators", []) == (page.heading, page.tree.select("form"))
    assert (page.heading, []) == (sent.heading, identity.heard(RegisterAccount))
    assert [] == login.texts('a[href="/closed/login/register/"]')


async def test_identity_has_the_last_word_on_whether_registering_is_open(
    browser: Browser, identity: StandInIdentity
) -> None:
    identity.failing[RegisterAccount] = Refused("not_open")
    await browser.see(PAGE)

    assert "Accounts are made by administrators" == (await browser.send(PAGE, ANSWERS, status=403)).heading

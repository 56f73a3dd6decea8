"""Tests of the network address under which log-in attempts are counted."""

import pytest

from shared.contracts.identity import LogIn
from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_identity import StandInIdentity


async def address_of_a_try(browser: Browser, identity: StandInIdentity, forwarded_for: str) -> str:
    await browser.see("/dsr/login/")
    headers = {"X-Forwarded-For": forwarded_for}
    await browser.post("/dsr/login/", {"email": "a@b.nhs.uk", "password": "x"}, headers=headers)
    return identity.heard(LogIn)[-1].address


async def test_without_proxies_of_ours_nobody_can_say_that_they_are_elsewhere(
    browser: Browser, identity: StandInIdentity
) -> None:
    assert "127.0.0.1" == await address_of_a_try(browser, identity, "203.0.113.7")


@pytest.mark.parametrize(
    ("forwarded_for", "counted"),
    [
        ("203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("2001:db8::7, 10.0.0.2", "2001:db8::7"),
        ("203.0.113.7", "203.0.113.7"),
        ("somewhere, 10.0.0.2", "127.0.0.1"),
    ],
)
async def test_behind_two_proxies_the_second_entry_from_the_end_counts(
    behind_two_proxies: Browser, identity: StandInIdentity, forwarded_for: str, counted: str
) -> None:
    assert counted == await address_of_a_try(behind_two_proxies, identity, forwarded_for)

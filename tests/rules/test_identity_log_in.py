"""Tests of log-in limits, locks and codes that need no database."""

import secrets

import pytest

from services.identity.rules.log_in import (
    Status,
    lock_after_wrong_password,
    lock_after_wrong_pin,
    network_of,
    new_pin,
    open_to,
)


@pytest.mark.requirement("R-S117-017")
@pytest.mark.parametrize(
    ("number", "known_device", "locks"),
    [
        (0, False, None),
        (4, False, None),
        (4, True, None),
        (5, False, Status.LOCKED_TO_STRANGERS),
        (5, True, Status.LOCKED),
    ],
)
def test_the_fifth_wrong_password_locks(number: int, known_device: bool, locks: Status | None) -> None:
    assert locks == lock_after_wrong_password(number, known_device)


@pytest.mark.parametrize(
    ("in_hour", "in_day", "locks"), [(9, 19, False), (10, 10, True), (1, 20, True), (11, 21, True)]
)
def test_the_tenth_wrong_code_in_an_hour_and_the_twentieth_in_a_day_lock(
    in_hour: int, in_day: int, locks: bool
) -> None:
    assert locks == lock_after_wrong_pin(in_hour, in_day)


def test_a_known_browser_is_open_to_more() -> None:
    assert {Status.LOCKED_TO_STRANGERS} == set(open_to(True)) - set(open_to(False))
    assert not {Status.LOCKED, Status.DISABLED} & set(open_to(True))


@pytest.mark.parametrize(("number", "pin"), [(0, "000000"), (42, "000042"), (999_999, "999999")])
def test_a_code_has_six_digits_whatever_the_number(number: int, pin: str) -> None:
    assert pin == new_pin(lambda below: number if below == 1_000_000 else -1)


def test_codes_are_spread_over_all_six_digits() -> None:
    made = [new_pin(secrets.randbelow) for _ in range(2_000)]

    assert len(set(made)) > 1_950
    assert set("0123456789") == {pin[0] for pin in made}


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1 ", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("", "unknown"),
        ("010.0.0.1", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_limits_count_by_network(address: str, network: str) -> None:
    assert network == network_of(address)

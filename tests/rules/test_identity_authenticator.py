"""The rules of authenticator apps: which codes count when, recovery codes, and what the app reads."""

from itertools import cycle
from urllib.parse import parse_qs, urlparse

import pytest
from pyotp import TOTP

from services.identity.rules import authenticator as rules

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOON = 1_800_000_000.0
STEP = int(NOON) // 30


def code_at(steps: int) -> str:
    return TOTP(SECRET).at(NOON + 30 * steps)


@pytest.mark.parametrize(("steps", "step"), [(-2, None), (-1, STEP - 1), (0, STEP), (1, STEP + 1), (2, None)], ids=str)
def test_the_clock_of_a_phone_may_be_one_step_wrong(steps: int, step: int | None) -> None:
    assert step == rules.step_of(SECRET, code_at(steps), NOON)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "\uff11" * 6, "ABCDEF", "000000"])
def test_what_is_no_code_has_no_step(code: str) -> None:
    assert rules.step_of(SECRET, code, NOON) is None


def test_codes_are_read_however_they_are_typed() -> None:
    assert ["123456", "ABCDEFGHJK"] == [rules.plain(" 123 456 "), rules.plain("abcde-fghjk ")]


def test_there_are_ten_recovery_codes_without_letters_that_look_alike() -> None:
    picked = cycle(rules.RECOVERY_LETTERS)

    codes = rules.new_recovery_codes(lambda _letters: next(picked))

    assert (10, "23456-789AB") == (len(codes), codes[0])
    assert not set("01ILOU").intersection("".join(codes))
    assert not any(rules.is_of_app(rules.plain(code)) for code in codes)


def test_the_picture_names_the_account_and_the_site() -> None:
    uri = urlparse(rules.uri_of(SECRET, "ada@mpft.nhs.uk", "Staffordshire DSR"))

    assert ("otpauth", "totp", "/Staffordshire%20DSR:ada%40mpft.nhs.uk") == (uri.scheme, uri.netloc, uri.path)
    assert [SECRET] == parse_qs(uri.query)["secret"]

"""Tests of the password rules: each accepts exactly what its printed text says."""

import secrets
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.rules.passwords import (
    DSR_2022,
    ICS,
    PROFILES,
    S117_2022,
    Profile,
    context_words,
    temporary_password,
)

KNOWN_OF_ADA = context_words(["Ada", "Birch", "ada.birch@mpft.nhs.uk", "Midlands Partnership Foundation Trust"])


@pytest.mark.requirement("R-DSR-052")
def test_the_rule_of_the_dsr_is_printed_word_for_word() -> None:
    rule = (
        "Your password must be 8-20 characters long, contain letters and numbers, and must not contain spaces, "
        "special characters, or emoji."
    )

    assert (rule,) == DSR_2022.sentences


@pytest.mark.requirement("R-DSR-053")
@pytest.mark.parametrize(
    "password",
    [
        "abcd123",
        "abcdefghij12345678901",
        "abcdefghij",
        "1234567890",
        "abcd 1234",
        "abcd!1234",
        "abcd\U0001f600" + "1234",
        "abcd1234\u200d",
        "",
    ],
)
def test_the_rule_of_the_dsr_refuses(password: str) -> None:
    assert (1,) == DSR_2022.unmet(password)


@pytest.mark.requirement("R-DSR-053")
@pytest.mark.parametrize("password", ["abcdefg1", "abcdefghij1234567890", "Password1"])
def test_the_rule_of_the_dsr_takes(password: str) -> None:
    assert () == DSR_2022.unmet(password)


@pytest.mark.requirement("R-S117-015")
def test_the_criteria_of_the_s117_register_are_printed_word_for_word() -> None:
    assert (
        "Minimum length – 8 characters",
        "Must contain at least ONE numeric character 0-9",
        "Must contain at least ONE upper case letter",
        "Must contain at least ONE lower case letter",
        "Must contain at least ONE allowed special character #?!@$%^&*-",
    ) == S117_2022.sentences


@pytest.mark.requirement("R-S117-015")
@pytest.mark.parametrize(
    ("password", "unmet"),
    [
        ("Ab1!xyz", (1,)),
        ("Abcdefg!", (2,)),
        ("abcdef1!", (3,)),
        ("ABCDEF1!", (4,)),
        ("Abcdefg1", (5,)),
        ("Abcdef1+", (5,)),
        ("\u00c9bcdef\u0664!", (2,)),
        ("", (1, 2, 3, 4, 5)),
        ("Abcdef1!", ()),
        *((f"Abcdef1{special}", ()) for special in "#?!@$%^&*-"),
    ],
)
def test_each_criterion_of_the_s117_register_is_enforced(password: str, unmet: tuple[int, ...]) -> None:
    assert unmet == S117_2022.unmet(password)


@pytest.mark.parametrize(
    ("password", "unmet"),
    [
        ("Gh7!kq2", (1, 3)),
        ("Gh7!kq2w", ()),
        ("gorsehillgorseh", ()),
        ("Gorse-Hill", (2,)),
        ("x7" * 64 + "q", (1, 3)),
    ],
)
def test_the_houses_rule_asks_for_four_classes_or_length(password: str, unmet: tuple[int, ...]) -> None:
    assert set(unmet) >= set(ICS.unmet(password)) - {3}
    assert set(unmet) - {3} == set(ICS.unmet(password)) - {3}


@pytest.mark.parametrize(
    "password",
    [
        *("Password1!", "P@ssw0rd!1", "Qwerty123!", "Welcome1!", "Abcdef1!", "passwordpassword", "aaaaaaaaaaaaaaaa"),
        *("Nhs-2026!", "DSR-dsr-1!", "Register-1!", "Nhs-S117-26!", "Birch-2026!", "Ada-Birch-1!", "Trust-2026!"),
    ],
)
def test_the_houses_rule_refuses_what_is_easy_to_guess(password: str) -> None:
    assert (3,) == ICS.unmet(password, KNOWN_OF_ADA)


@pytest.mark.parametrize("password", ["Demo-2026!ics", "Gorse-Hill-27!", "correct horse battery", "pâté für 12 größe"])
def test_the_houses_rule_takes_what_is_not(password: str) -> None:
    assert () == ICS.unmet(password, KNOWN_OF_ADA)


@given(st.text(alphabet=string.ascii_letters + string.digits + "#?!@$%^&*-", min_size=8, max_size=128))
def test_what_the_s117_register_takes_the_house_takes_unless_it_is_easy_to_guess(password: str) -> None:
    if not S117_2022.unmet(password):
        assert set() == set(ICS.unmet(password)) - {3}


def test_no_password_keeps_both_rules_of_2022() -> None:
    """Check that no password meets both rules: the rule therefore belongs to the installation, not to the register."""
    candidates = [temporary_password(profile, secrets.choice) for profile in (DSR_2022, S117_2022) for _ in range(20)]

    assert not [each for each in candidates if not DSR_2022.unmet(each) and not S117_2022.unmet(each)]


# -------------------------------------------------------------------------------------------------- temporary passwords
@pytest.mark.requirement("R-DSR-039")
@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_temporary_password_keeps_the_rule_in_force(profile: Profile) -> None:
    made = {temporary_password(profile, secrets.choice) for _ in range(50)}

    assert 50 == len(made)
    assert {()} == {profile.unmet(each, KNOWN_OF_ADA) for each in made}
    assert {16} == {sum(character.isalnum() for character in each) for each in made}


def test_a_temporary_password_is_read_from_paper_without_mistakes() -> None:
    made = "".join(temporary_password(ICS, secrets.choice) for _ in range(50))

    assert not set(made) & set("0O1lI")


def test_a_candidate_that_breaks_the_rule_is_thrown_away() -> None:
    characters = iter("a" * 16 + "Kx7mTq2wHs9bRd4z")

    assert "Kx7mTq2wHs9bRd4z" == temporary_password(DSR_2022, lambda _: next(characters))

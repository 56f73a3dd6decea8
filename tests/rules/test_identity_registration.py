"""Tests of who may register, under which name and for which organisation."""

from uuid import UUID

import pytest

from services.identity.rules.registration import (
    Registrant,
    RegistrationRule,
    home_of,
    read_name,
    read_registrant,
    why_not,
)
from shared.values import Unreadable, ValueFault

OPEN = RegistrationRule(self_registration=True, accepted_domains=("nhs.net", "nhs.uk", "gov.uk"))
CLOSED = RegistrationRule(self_registration=False, accepted_domains=("nhs.net",))
MPFT, EAST, COUNCIL = UUID(int=1), UUID(int=2), UUID(int=3)
ORGANISATIONS = {"mpft.nhs.uk": MPFT, "east.mpft.nhs.uk": EAST, "staffordshire.gov.uk": COUNCIL}


@pytest.mark.requirement("R-DSR-016", "R-DSR-017", "R-DSR-037", "R-DSR-041", "R-DSR-042")
@pytest.mark.parametrize(
    ("access", "email", "assigned", "refusal"),
    [
        (OPEN, "a@nhs.net", False, None),
        (OPEN, "a@mpft.nhs.uk", False, None),
        (OPEN, "a@staffordshire.police.uk", False, "domain_not_accepted"),
        (OPEN, "a@staffordshire.police.uk", True, None),
        (OPEN, "a@evilnhs.uk", False, "domain_not_accepted"),
        (CLOSED, "a@nhs.net", False, "not_open"),
        (CLOSED, "a@example.com", False, "not_open"),
        (CLOSED, "a@example.com", True, None),
    ],
)
def test_who_may_register(access: RegistrationRule, email: str, assigned: bool, refusal: str | None) -> None:
    assert refusal == why_not(access, email, assigned, reaches_scope=False)


@pytest.mark.parametrize("access", [OPEN, CLOSED])
@pytest.mark.parametrize("assigned", [True, False])
def test_nobody_registers_who_would_reach_the_records_of_others(access: RegistrationRule, assigned: bool) -> None:
    assert "not_open" == why_not(access, "a@nhs.net", assigned, reaches_scope=True)


@pytest.mark.parametrize(
    ("email", "home"),
    [
        ("a@mpft.nhs.uk", MPFT),
        ("a@ward.mpft.nhs.uk", MPFT),
        ("a@east.mpft.nhs.uk", EAST),
        ("a@staffordshire.gov.uk", COUNCIL),
        ("a@nhs.net", None),
        ("a@evilmpft.nhs.uk", None),
    ],
)
def test_the_home_organisation_has_the_longest_domain_that_fits(email: str, home: UUID | None) -> None:
    assert home == home_of(email, ORGANISATIONS)


@pytest.mark.parametrize(
    "name", ["Ada", " Ada  May ", "O'Neill", "O’Neill", "St. John", "J.R.", "Anne-Marie", "Zoë", "Nguyễn", "Ó Sé", "李"]
)
def test_names_are_taken_as_people_write_them(name: str) -> None:
    assert " ".join(name.split()) == read_name(name)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("", ValueFault.REQUIRED),
        (" \t ", ValueFault.REQUIRED),
        ("A" * 61, ValueFault.TOO_LONG),
        ("-", ValueFault.REQUIRED),
        ("Ada1", ValueFault.CHARACTERS),
        ("Ada\nBcc: x", ValueFault.CHARACTERS),
        ("http://evil.example", ValueFault.CHARACTERS),
        ("evil.example", ValueFault.CHARACTERS),
        ("Ada@example", ValueFault.CHARACTERS),
        ("<b>Ada</b>", ValueFault.CHARACTERS),
    ],
)
def test_what_is_no_name_goes_into_no_mail(name: str, wrong: ValueFault) -> None:
    with pytest.raises(Unreadable) as unreadable:
        read_name(name)

    assert wrong == unreadable.value.wrong


@pytest.mark.requirement("R-DSR-035")
def test_each_of_the_three_fields_is_asked_for() -> None:
    whole = ("Ada", "Birch", "ada@nhs.net")

    assert Registrant(*whole) == read_registrant(*whole)
    for left_out, field in enumerate(("first_name", "last_name", "email")):
        texts = [text if n != left_out else "" for n, text in enumerate(whole)]
        assert {field: "required"} == read_registrant(*texts)

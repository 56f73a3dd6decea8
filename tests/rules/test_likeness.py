"""Tests of pairs that the register's team should look at, and of twins and others who are two people."""

from datetime import date
from uuid import UUID

import pytest

from services.referrals.rules.likeness import ComparedPerson, dates_like, likeness
from shared.registers.definition.lifecycle import LIKENESSES
from tests.rules.typed import dsr

BORN = date(1998, 11, 5)
NUMBER, OTHER_NUMBER = "9990000018", "9990000026"


def somebody(name: str, born: date = BORN, number: str | None = None) -> ComparedPerson:
    """Return a person of this name, written as given name, a stroke, family name."""
    given_name, _, family_name = name.partition("|")
    return ComparedPerson(UUID(int=1), given_name, family_name, born, number)


def why(one: ComparedPerson, other: ComparedPerson) -> set[str | None]:
    """Return what speaks for one person, whichever record is looked at first."""
    return {likeness(one, other, LIKENESSES), likeness(other, one, LIKENESSES)}


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("Lan|Nguyen", "Nguyen|Lan", "names_swapped"),
        ("Zo\u00eb|O'Brien", "O Brien|Zoe", "names_swapped"),
        ("Lan|Nguyen", "Lan Thi|Nguyen", "middle_name"),
        ("Lan|Nguyen", "Lan|Thi Nguyen", "middle_name"),
        ("Lan|Nguyen", "Nguyen Thi|Lan", "middle_name"),
        ("Lan T|Nguyen", "Lan Thi|Nguyen", "middle_name"),
        ("Katherine|Stone", "Catherine|Stone", "name_spelling"),
        ("Katherine|Stone", "Cath|Stone", "name_spelling"),
        ("Elizabeth|Stone", "Liz|Stone", "name_spelling"),
        ("Mohammed|Khan", "Muhammad|Khan", "name_spelling"),
        ("Steven|Stone", "Stephen|Stone", "name_spelling"),
        ("Xanthippe|Stone", "Xantippe|Stone", "name_spelling"),
        ("Aarav|Patel", "Arav|Patel", "name_spelling"),
        ("Lan|Nguyen", "Lan|Nguyne", "name_spelling"),
        ("Robert|Macdonald", "Robert|McDonald", "name_spelling"),
        ("Ava|Smith", "Ava|Smith-Jones", "middle_name"),
    ],
)
def test_names_that_may_be_one_persons_are_found(one: str, other: str, found: str) -> None:
    assert {found} == why(somebody(one), somebody(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ava|Bell", "Ada|Bell"),
        ("Hassan|Ali", "Hussein|Ali"),
        ("Daniel|Bell", "Danielle|Bell"),
        ("Paul|Bell", "Paula|Bell"),
        ("Jayden|Bell", "Hayden|Bell"),
        ("Ella|Bell", "Emma|Bell"),
        ("Jack|Bell", "Jake|Bell"),
        ("Mohammed Ali|Khan", "Mohammed Omar|Khan"),
        ("Lan Thi|Nguyen", "Mai Thi|Nguyen"),
        ("Ava Rose|Bell", "Ada Rose|Bell"),
        ("Ava|Smith-Jones", "Ada|Smith-Jones"),
        ("Oluwaseun|Ade", "Oluwatobi|Ade"),
        ("Lan|Nguyen", "Lan|Tran"),
    ],
)
def test_twins_and_namesakes_are_two_people(one: str, other: str) -> None:
    assert {None} == why(somebody(one), somebody(other))


@pytest.mark.parametrize("nameless", ["-|.", "?|?", "Lan|-", "-|Nguyen"])
def test_a_name_of_signs_alone_is_like_no_other(nameless: str) -> None:
    unknown = somebody(nameless)

    assert {None} == why(unknown, somebody("Lan Thi|Nguyen"))
    assert {None} == why(unknown, somebody(nameless, date(1998, 5, 11)))


@pytest.mark.parametrize(
    "slip", [date(1998, 5, 11), date(1998, 11, 6), date(1988, 11, 5), date(1998, 11, 15), date(1989, 11, 5)]
)
def test_the_same_name_with_a_slip_in_the_date_is_found(slip: date) -> None:
    assert {"date_slip"} == why(somebody("Lan|Nguyen"), somebody("LAN|Nguy\u1ec5n", slip))
    assert {None} == why(somebody("Lan|Nguyen"), somebody("Mai|Nguyen", slip))


def test_a_date_of_two_slips_is_another_date() -> None:
    assert {None} == why(somebody("Lan|Nguyen"), somebody("Lan|Nguyen", date(1999, 12, 5)))
    assert (True, False) == (date(1998, 5, 11) in dates_like(BORN), BORN in dates_like(BORN))


def test_two_numbers_speak_against_two_spellings_but_not_against_swapped_names() -> None:
    stone, other = somebody("Katherine|Stone", number=NUMBER), somebody("Catherine|Stone", number=OTHER_NUMBER)
    lan, swapped = somebody("Lan|Nguyen", number=NUMBER), somebody("Nguyen|Lan", number=OTHER_NUMBER)

    assert ({None}, {"names_swapped"}) == (why(stone, other), why(lan, swapped))


def test_what_a_rule_finds_is_not_found_again() -> None:
    assert {None} == why(somebody("Zo\u00eb|O'Brien"), somebody("Zoe|OBrien"))


def test_the_definition_says_what_comes_to_the_team() -> None:
    swapped = somebody("Lan|Nguyen"), somebody("Nguyen|Lan")

    assert LIKENESSES == dsr().duplicates.team
    assert ("names_swapped", None) == (likeness(*swapped, LIKENESSES[:1]), likeness(*swapped, ()))

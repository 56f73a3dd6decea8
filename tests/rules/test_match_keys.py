"""Tests of the keys by which records are compared, and of which of several ratings counts."""

import pytest

from shared.contracts.referrals.answers import Answers
from shared.registers.form.person import MatchKey, match_keys
from tests.rules.typed import carers, dsr

PERSON: Answers = {
    "first_name": "Zoë",
    "last_name": "O'Brien",
    "date_of_birth": "2001-02-07",
    "nhs_number": "9990000018",
    "risk_level": "red",
}


def keys(**changes: str) -> tuple[MatchKey, ...]:
    return match_keys(dsr(), PERSON | changes)


def test_there_is_a_key_for_each_rule_in_the_registers_order() -> None:
    assert ["nhs_number", "born family_name given_name"] == [key.rule for key in keys()]
    assert ["born given_name"] == [
        key.rule for key in match_keys(carers(), {"known_as": "Zoë", "birthday": "1990-05-03"})
    ]


@pytest.mark.parametrize(
    "same",
    [
        {"first_name": "ZOE"},
        {"last_name": "O\u2019 Brien"},
        {"last_name": "obrien"},
        {"last_name": "O\u02bbBrien"},
        {"last_name": "O\u200b\u00adBrien"},
        {"first_name": "Zoe\u0308"},
        {"risk_level": "green"},
    ],
)
def test_how_it_is_written_makes_no_other_key(same: dict[str, str]) -> None:
    assert keys() == keys(**same)


@pytest.mark.parametrize(
    "other",
    [
        {"first_name": "Zo"},
        {"last_name": "OBrian"},
        {"date_of_birth": "2001-07-02"},
        {"first_name": "O'Brien", "last_name": "Zoë"},
    ],
)
def test_another_value_makes_another_key(other: dict[str, str]) -> None:
    assert (keys()[0], True) == (keys(**other)[0], keys()[1] != keys(**other)[1])


def test_a_rule_applies_only_where_every_role_is_known() -> None:
    assert ["born family_name given_name"] == [key.rule for key in keys(nhs_number="")]
    assert ["nhs_number"] == [key.rule for key in keys(date_of_birth="not_known")]
    assert () == keys(nhs_number="", first_name="")


def test_a_key_tells_nothing_of_the_person() -> None:
    for key in keys():
        assert not any(str(value).lower() in key.key for value in PERSON.values())


def test_the_most_urgent_rating_stands_whatever_their_order() -> None:
    rating = dsr().rating
    assert rating is not None

    found = [rating.highest(codes) for codes in (["red", "green"], ["green", "amber"], ["", "unknown"], [])]

    assert ["red", "amber", None, None] == [level and level.code for level in found]

"""Builders of what is typed into forms, and of the registers that the tests of rules use."""

from datetime import date
from functools import cache
from pathlib import Path

from shared.registers.definition.register import Definition
from shared.registers.form.reading import Checked, Raw, read_answers
from shared.registers.load import load_registers
from tests import walking

INVENTED = Path(__file__).parent / "registers"
TODAY = date(2022, 7, 14)


@cache
def dsr() -> Definition:
    return load_registers().find("dsr", "2022")


@cache
def carers() -> Definition:
    """Return an invented register that has nothing in common with the shipped ones."""
    return load_registers([INVENTED]).find("carers")


def a_referral(**changes: str) -> dict[str, str]:
    """
    Return the least that the DSR's form accepts, as a browser sends it.

    `a_referral(postcode="ST16 3SR")` changes a field.
    """
    return {name: value for name, value in walking.a_referral(**changes).items() if value}


def read(raw: Raw) -> Checked:
    """Return the DSR's form as read on 14 July 2022."""
    return read_answers(dsr().form, raw, dsr().words, TODAY)


def read_outcome(**typed: str) -> Checked:
    outcome = dsr().outcome
    assert outcome is not None
    return read_answers(outcome, typed, dsr().words, TODAY)

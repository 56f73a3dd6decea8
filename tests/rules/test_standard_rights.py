"""Tests that a register lets nobody register themselves and then reach the records of others."""

import pytest

from shared.registers.checks import find_faults
from tests.rules.typed import dsr

REACHES_OTHERS = (
    "access: anyone who registers themselves could see or update the records of others: write self_registration = "
    'false, or "own" for standard_sees and standard_updates'
)


@pytest.mark.parametrize(
    ("is_open", "sees", "updates", "faults"),
    [
        (True, "scope", "scope", [REACHES_OTHERS]),
        (True, "scope", "own", [REACHES_OTHERS]),
        (True, "own", "scope", [REACHES_OTHERS]),
        (True, "own", "own", []),
        (False, "scope", "scope", []),
    ],
)
def test_who_registers_themselves_reaches_their_own_records_alone(
    is_open: bool, sees: str, updates: str, faults: list[str]
) -> None:
    rights = {"self_registration": is_open, "standard_sees": sees, "standard_updates": updates}
    register = dsr().model_copy(update={"access": dsr().access.model_copy(update=rights)})

    assert faults == [str(fault) for fault in find_faults(register)]

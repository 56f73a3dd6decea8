"""Fixtures for the tests of every service."""

import pytest

from shared.registers.load import Registers, load_registers


@pytest.fixture(scope="session")
def registers() -> Registers:
    return load_registers()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Let each request wait for a connection. The product refuses one after two seconds, but a busy machine takes longer.

    Tests with many requests at once ask which of them wins, not how many connections there are.
    """
    for module in ("shared.database", "shared.context"):
        monkeypatch.setattr(f"{module}.ACQUIRE_SECONDS", 30.0)

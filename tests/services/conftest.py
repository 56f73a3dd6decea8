"""Fixtures for the tests of every service."""

import pytest

from shared.registers.load import Registers, load_registers


@pytest.fixture(scope="session")
def registers() -> Registers:
    return load_registers()

"""Fixtures of meetings: each test has a register of its own, since series and meetings belong to the register."""

import pytest

from deploy.runner.environment import Addresses
from shared.permissions import Role, Visitor
from shared.registers.load import Registers, load_registers
from tests.services.outcomes.meetings.board import Board, SetClock
from tests.services.outcomes.rig import Rig
from tests.services.referrals.builders import a_visitor
from tests.services.referrals.rig import Referrals
from tests.services.two_bodies import a_code, an_organisation_register
from tests.support.connections import KeptConnections


@pytest.fixture
def code() -> str:
    return a_code()


@pytest.fixture
def registers(code: str) -> Registers:
    return Registers([*load_registers().every(), an_organisation_register(code)])


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def rig(two_schemas: Addresses, registers: Registers, kept: KeptConnections, clock: SetClock) -> Rig:
    of_referrals = await kept.both(two_schemas, "referrals")
    of_outcomes = await kept.both(two_schemas, "outcomes")
    return await Rig.open(await Referrals.open(of_referrals, registers), of_outcomes, registers, clock)


@pytest.fixture
def administrator(code: str) -> Visitor:
    return a_visitor(Role.ADMINISTRATOR, register_code=code, full_name="Ada Minister")


@pytest.fixture
async def board(rig: Rig, clock: SetClock, administrator: Visitor) -> Board:
    found = Board(rig, clock, administrator)
    await found.open()
    return found

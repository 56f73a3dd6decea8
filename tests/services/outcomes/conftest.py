"""Fixtures of outcomes beside referrals, on one bus and one migrated database. Each test adds its own organisations."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.runner.environment import Addresses
from deploy.runner.stack import EmbeddedParts
from shared.permissions import Visitor
from shared.registers.load import Registers
from tests.services.outcomes.rig import Rig, an_administrator
from tests.services.outcomes.watching import Watch
from tests.services.referrals.rig import Owner, Referrals
from tests.support.connections import KeptConnections
from tests.support.databases import database_copy


@pytest_asyncio.fixture(scope="session")
async def two_schemas(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    async with database_copy(parts) as addresses:
        yield addresses


@pytest.fixture
async def rig(two_schemas: Addresses, registers: Registers, kept: KeptConnections) -> Rig:
    of_referrals = await kept.both(two_schemas, "referrals")
    of_outcomes = await kept.both(two_schemas, "outcomes")
    return await Rig.open(await Referrals.open(of_referrals, registers), of_outcomes, registers)


@pytest.fixture
async def owner(two_schemas: Addresses, kept: KeptConnections) -> Owner:
    """Connect to the schema of outcomes as its owner."""
    return Owner(await kept.owner(two_schemas, "outcomes"))


@pytest.fixture
async def of_referrals(two_schemas: Addresses, kept: KeptConnections) -> Owner:
    """Connect to the schema of referrals as its owner."""
    return Owner(await kept.owner(two_schemas, "referrals"))


@pytest.fixture
async def watch(rig: Rig, registers: Registers) -> Watch:
    return Watch.over(rig, registers)


@pytest.fixture
def administrator() -> Visitor:
    return an_administrator()

"""Fixtures of reports over one migrated database. Each test adds its own organisations, and sees only these."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.runner.environment import Addresses
from deploy.runner.stack import EmbeddedParts
from shared.registers.load import Registers
from tests.services.referrals.rig import Owner
from tests.services.reports.rig import Rig
from tests.support.connections import KeptConnections
from tests.support.databases import database_copy


@pytest_asyncio.fixture(scope="session")
async def shared_database(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    async with database_copy(parts) as addresses:
        yield addresses


@pytest.fixture
async def rig(
    shared_database: Addresses, registers: Registers, kept: KeptConnections, tmp_path: Path, owner: Owner
) -> Rig:
    """The service. No job of an earlier test waits to be made: a replica makes the oldest job first."""
    await owner.rows("UPDATE job SET state = 'stopped' WHERE state IN ('queued', 'running')")
    names = ("referrals", "outcomes", "reports")
    pools = {name: await kept.both(shared_database, name) for name in names}
    return await Rig.open(pools, registers, tmp_path)


@pytest.fixture
async def owner(shared_database: Addresses, kept: KeptConnections) -> Owner:
    """Connect to the schema of reports as its owner."""
    return Owner(await kept.owner(shared_database, "reports"))


@pytest.fixture
async def source(shared_database: Addresses, kept: KeptConnections) -> Owner:
    """Connect to the schema of referrals as its owner."""
    return Owner(await kept.owner(shared_database, "referrals"))

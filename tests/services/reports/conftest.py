"""Fixtures of reports over one migrated database. Each test adds its own organisations, and sees only these."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from deploy.runner.environment import Addresses
from deploy.runner.stack import EmbeddedParts
from shared.database import open_pool
from shared.registers.load import Registers, load_registers
from tests.services.referrals.rig import Owner
from tests.services.reports.rig import Rig
from tests.support.databases import database_copy


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_database(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    async with database_copy(parts) as addresses:
        yield addresses


@pytest.fixture(scope="session")
def registers() -> Registers:
    return load_registers()


@pytest.fixture
async def rig(shared_database: Addresses, registers: Registers, tmp_path: Path) -> AsyncIterator[Rig]:
    async with AsyncExitStack() as opened:
        names = ("referrals", "outcomes", "reports")
        pools = {name: await opened.enter_async_context(await open_pool(shared_database.dsn(name))) for name in names}
        yield await Rig.open(pools, registers, tmp_path)


@pytest.fixture
async def owner(shared_database: Addresses) -> AsyncIterator[Owner]:
    """Connect to the schema of reports as its owner."""
    connection = await asyncpg.connect(shared_database.migrator_dsn("reports"))
    await connection.execute("SET ROLE reports_owner; SET search_path = reports")
    yield Owner(connection)
    await connection.close()


@pytest.fixture
async def source(shared_database: Addresses) -> AsyncIterator[Owner]:
    """Connect to the schema of referrals as its owner."""
    connection = await asyncpg.connect(shared_database.migrator_dsn("referrals"))
    await connection.execute("SET ROLE referrals_owner; SET search_path = referrals")
    yield Owner(connection)
    await connection.close()

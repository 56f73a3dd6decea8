"""Fixtures of referrals over one migrated database. Each test adds its own organisations, and sees only these."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.runner.environment import Addresses
from deploy.runner.stack import EmbeddedParts
from shared.database import DatabasePool
from shared.registers.load import Registers
from tests.services.referrals.rig import Owner, Referrals
from tests.services.referrals.uploading import read_in_this_process
from tests.support.connections import KeptConnections, ServicePools
from tests.support.databases import database_copy


@pytest_asyncio.fixture(scope="session")
async def shared_database(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    async with database_copy(parts) as addresses:
        yield addresses


@pytest.fixture
async def pools(shared_database: Addresses, kept: KeptConnections) -> ServicePools:
    return await kept.both(shared_database, "referrals")


@pytest.fixture
def pool(pools: ServicePools) -> DatabasePool:
    return pools.pool


@pytest.fixture
async def referrals(pools: ServicePools, registers: Registers) -> Referrals:
    return await Referrals.open(pools, registers)


@pytest.fixture
async def owner(shared_database: Addresses, kept: KeptConnections) -> Owner:
    return Owner(await kept.owner(shared_database, "referrals"))


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read uploaded files without a process of their own."""
    monkeypatch.setattr("services.referrals.uploads.reading.read_in_process", read_in_this_process)

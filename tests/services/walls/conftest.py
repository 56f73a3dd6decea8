"""Fixtures for the tests of walls: a world in a database as it is, and one in a database without row-level security."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from deploy.runner.environment import Addresses
from deploy.runner.stack import EmbeddedParts
from shared.database import open_pool
from shared.registers.load import Registers
from tests.services.walls.world import WALLED, Owners, World, a_world, two_registers
from tests.support.connections import ServicePools
from tests.support.databases import database_copy

WITH_POLICIES = """
    SELECT c.relname FROM pg_class AS c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relrowsecurity
"""
# The view stands for a policy, since searches read its table with the owner's rights.
UNSCOPED_SEARCH = """
    CREATE OR REPLACE VIEW record_search_in_scope AS
    SELECT record_id, register_code, compartment_id, search, updated_at FROM record_search
"""


@asynccontextmanager
async def owners_of(addresses: Addresses) -> AsyncIterator[Owners]:
    owners = {}
    for service in WALLED:
        owner = owners[service] = await asyncpg.connect(addresses.migrator_dsn(service))
        await owner.execute(f"SET ROLE {service}_owner; SET search_path = {service}")
    try:
        yield owners
    finally:
        for owner in owners.values():
            await owner.close()


@pytest_asyncio.fixture(scope="session")
async def walled(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    async with database_copy(parts) as addresses:
        yield addresses


@pytest_asyncio.fixture(scope="session")
async def unwalled(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    """A database in which row-level security limits no service: only its own checks are left."""
    async with database_copy(parts) as addresses, owners_of(addresses) as owners:
        for owner in owners.values():
            for row in await owner.fetch(WITH_POLICIES):
                await owner.execute(f"ALTER TABLE {row['relname']} DISABLE ROW LEVEL SECURITY")
        await owners["referrals"].execute(UNSCOPED_SEARCH)
        yield addresses


@asynccontextmanager
async def world_in(addresses: Addresses, registers: Registers, folder: Path) -> AsyncIterator[tuple[World, Owners]]:
    pools = {service: await _open_pools(addresses, service) for service in WALLED}
    try:
        async with owners_of(addresses) as owners:
            yield await a_world(pools, owners, two_registers(registers), folder), owners
    finally:
        for each in pools.values():
            each.pool.terminate()
            each.background.terminate()


async def _open_pools(addresses: Addresses, service: str) -> ServicePools:
    pool = await open_pool(addresses.dsn(service), size=3)
    return ServicePools(pool, await open_pool(addresses.background_dsn(service), size=3))


@pytest.fixture
async def open_world(unwalled: Addresses, registers: Registers, tmp_path: Path) -> AsyncIterator[tuple[World, Owners]]:
    """A new world in the database without row-level security."""
    async with world_in(unwalled, registers, tmp_path) as found:
        yield found

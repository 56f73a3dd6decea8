"""Database connections that tests use one after the other, and the end of what a test leaves running."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from deploy.runner.environment import Addresses
from shared.database import POOL_SIZE, DatabasePool, open_pool
from shared.settings import BACKGROUND_POOL_SIZE
from shared.tasks import end

# The restore of a database that tests share ends all other sessions but those of this name.
KEPT = "kept_by_tests"


@dataclass(frozen=True)
class ServicePools:
    """The pools of a service: `pool` for what visitors ask for, and `background` for the service's own work."""

    pool: DatabasePool
    background: DatabasePool


@dataclass(frozen=True)
class KeptConnections:
    """
    Keeps connections open between tests, because Postgres plans and compiles everything again for a new one.

    A test that leaves a connection in use, in a transaction or closed does not pass it on.
    """

    pools: dict[tuple[str, int], DatabasePool] = field(default_factory=dict)
    owners: dict[str, "asyncpg.Connection[asyncpg.Record]"] = field(default_factory=dict)

    async def pool(self, dsn: str, size: int = POOL_SIZE) -> DatabasePool:
        """Return the pool of this address and size."""
        pool = self.pools.get((dsn, size))
        if pool is None or not _is_idle(pool):
            if pool is not None:
                pool.terminate()
            pool = self.pools[dsn, size] = await open_pool(_kept(dsn), size)
        return pool

    async def both(self, addresses: Addresses, service: str) -> ServicePools:
        pool = await self.pool(addresses.dsn(service))
        return ServicePools(pool, await self.pool(addresses.background_dsn(service), BACKGROUND_POOL_SIZE))

    async def owner(self, addresses: Addresses, service: str) -> "asyncpg.Connection[asyncpg.Record]":
        """Return a connection as the owner of this service's schema, who may read what the service may only write."""
        dsn = addresses.migrator_dsn(service)
        owner = self.owners.get(f"{dsn} {service}")
        if owner is None or owner.is_closed() or owner.is_in_transaction():
            if owner is not None:
                owner.terminate()
            owner = self.owners[f"{dsn} {service}"] = await asyncpg.connect(_kept(dsn))
        await owner.execute(f"RESET ALL; SET ROLE {service}_owner; SET search_path = {service}")
        return owner

    def close(self) -> None:
        for pool in self.pools.values():
            pool.terminate()
        for owner in self.owners.values():
            owner.terminate()


def _kept(dsn: str) -> str:
    return f"{dsn}{'&' if '?' in dsn else '?'}application_name={KEPT}"


def _is_idle(pool: DatabasePool) -> bool:
    return not pool.is_closing() and pool.get_idle_size() == pool.get_size() > 0


@asynccontextmanager
async def tasks_ended() -> AsyncIterator[None]:
    """End all tasks that the block leaves running: the tests of a process share one event loop."""
    earlier = asyncio.all_tasks()
    yield
    if left := asyncio.all_tasks() - earlier - {asyncio.current_task()}:
        await end(left)

"""Fixtures of the notifier: its schema on a real Postgres, a scripted mail server, and a rig of both."""

from collections.abc import AsyncIterator

import pytest

from deploy.runner.environment import Addresses
from shared.database import DatabasePool
from shared.registers.load import Registers
from tests.services.notifier.rig import Rig
from tests.services.notifier.scripted_server import ScriptedServer
from tests.support.connections import KeptConnections, ServicePools


@pytest.fixture
async def pools(addresses: Addresses, kept: KeptConnections) -> ServicePools:
    return await kept.both(addresses, "notifier")


@pytest.fixture
def pool(pools: ServicePools) -> DatabasePool:
    return pools.pool


@pytest.fixture
async def mail_server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def rig(pools: ServicePools, mail_server: ScriptedServer, registers: Registers) -> AsyncIterator[Rig]:
    rig = await Rig.of(pools, mail_server, registers)
    with rig.context.closing:
        yield rig

"""Fixtures of the notifier: its schema on a real Postgres, a scripted mail server, and a rig of both."""

from collections.abc import AsyncIterator

import pytest

from shared.database import DatabasePool
from shared.registers.load import Registers
from tests.conftest import OpenDatabase
from tests.services.notifier.rig import Rig
from tests.services.notifier.scripted_server import ScriptedServer


@pytest.fixture
async def pool(database: OpenDatabase) -> DatabasePool:
    return await database("notifier")


@pytest.fixture
async def mail_server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def rig(pool: DatabasePool, mail_server: ScriptedServer, registers: Registers) -> AsyncIterator[Rig]:
    rig = await Rig.of(pool, mail_server, registers)
    with rig.context.closing:
        yield rig

"""The buses of the tests of contracts: over NATS, and the fake one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import ClassVar

import pytest

from deploy.build.nats_permissions import DEPLOYER, Permissions
from deploy.runner.console import Console
from deploy.runner.keyring import open_keyring
from deploy.runner.nats_server import NatsServer
from deploy.runner.state import open_state
from shared.bus.deploying import declare_consumer, declare_stream, deployer_connection
from shared.bus.nats_bus import NatsBus
from shared.bus.protocol import Bus
from shared.contracts.referrals.saving import Conflict
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import Nothing, Refusals, Request

CANARY = "Ruby Canary 999 000 0018"
Connect = Callable[[str], Awaitable[Bus]]


class Fail(Request[Nothing]):
    subject: ClassVar[str] = "ask.identity.fail"
    refusals: ClassVar[Refusals] = (Conflict, "busy_now")


def everything(process: str) -> Permissions:
    subjects = ("ask.>", "tell.>", "event.>", "copy.>", "$SRV.>", "$JS.>", f"_INBOX.{process}.>")
    return Permissions(publish=subjects, subscribe=subjects, replies=True)


@pytest.fixture
async def nats_server(quick_path: Path) -> AsyncIterator[tuple[NatsServer, dict[str, str]]]:
    state = open_state(quick_path / "state")
    keys = open_keyring(state.keyring_file)
    allowed = {name: everything(name) for name in ("gateway", "identity", DEPLOYER)}
    server = NatsServer(state, keys.nats_public_keys(), allowed, Console())
    await server.start()
    await server.ready()
    yield server, keys.nats_seeds
    await server.stop(asyncio.Event())


@pytest.fixture
async def on_nats(nats_server: tuple[NatsServer, dict[str, str]]) -> AsyncIterator[Connect]:
    server, seeds = nats_server
    opened: list[Bus] = []

    async def connect(process: str) -> Bus:
        bus = await NatsBus.connect(process, server.url, seeds[process])
        opened.append(bus)
        return bus

    async with deployer_connection(server.url, seeds[DEPLOYER]) as deployer:
        await declare_stream(deployer, "EVENTS", ("event.>", "copy.>"), days=1)
        await declare_consumer(deployer, "EVENTS", "gateway--event", ("event.*.*.happened",))
    yield connect
    for bus in opened:
        await bus.close()


@pytest.fixture
async def on_fake() -> Connect:
    wire = FakeWire()

    async def connect(process: str) -> Bus:
        return FakeBus(process, wire)

    return connect


@pytest.fixture(params=["on_nats", "on_fake"])
def connect(request: pytest.FixtureRequest) -> Connect:
    found: Connect = request.getfixturevalue(request.param)
    return found

"""NATS as the runner starts it: on loopback, durable, with subjects per credential, and always on the same port."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.errors import Error

from deploy.build.nats_permissions import DEPLOYER, Permissions, permissions
from deploy.runner.console import Console
from deploy.runner.keyring import Keyring, open_keyring
from deploy.runner.nats_server import NatsServer, installed_server, server_version
from deploy.runner.refusals import CannotStart
from deploy.runner.stack import EmbeddedParts
from deploy.runner.state import State, open_state
from deploy.runner.streams import declare
from shared.bus.deploying import declare_stream, deployer_connection
from shared.messages import NotAnswered

NOTHING = Permissions(publish=(), subscribe=(), replies=False)


@pytest.fixture
def state(quick_path: Path) -> State:
    return open_state(quick_path / "state")


@pytest.fixture
def keyring(state: State) -> Keyring:
    return open_keyring(state.keyring_file)


@pytest.fixture
async def nats_server(state: State, keyring: Keyring) -> AsyncIterator[NatsServer]:
    """A server that only this test uses and may break. The gateway may neither publish nor subscribe."""
    server = NatsServer(state, keyring.nats_public_keys(), {"gateway": NOTHING}, Console())
    await server.start()
    await server.ready()
    yield server
    await server.stop(asyncio.Event())


async def connect(url: str, seed: str | None, refusals: "asyncio.Queue[str]") -> Client:
    async def refused(error: Exception) -> None:
        refusals.put_nowait(str(error))

    client = Client()
    try:
        await client.connect(url, nkeys_seed_str=seed, error_cb=refused, allow_reconnect=False, connect_timeout=2)
    except (Error, OSError):
        await client.close()
        await asyncio.sleep(0)  # so that its socket closes too
        raise
    return client


async def test_it_is_reached_from_this_machine_alone(nats_server: NatsServer) -> None:
    assert nats_server.url.startswith("nats://127.0.0.1:")
    assert "127.0.0.1" == nats_server.settings()["host"]


async def test_an_empty_list_of_subjects_allows_none(nats_server: NatsServer, keyring: Keyring) -> None:
    refusals: asyncio.Queue[str] = asyncio.Queue()
    client = await connect(nats_server.url, keyring.nats_seeds["gateway"], refusals)
    async with asyncio.timeout(5):
        await client.publish("ask.identity.log_in", b"")
        assert "permissions violation for publish" in (await refusals.get()).lower()
        await client.subscribe("ask.identity.log_in")
        assert "permissions violation for subscription" in (await refusals.get()).lower()
    await client.close()


@pytest.mark.parametrize("whose", ["identity", None])
async def test_whoever_has_no_credential_of_its_own_is_turned_away(
    whose: str | None, nats_server: NatsServer, keyring: Keyring
) -> None:
    seed = keyring.nats_seeds[whose] if whose else None

    with pytest.raises((Error, OSError)):
        await connect(nats_server.url, seed, asyncio.Queue())


async def test_no_secret_stands_in_the_server_s_settings(parts: EmbeddedParts) -> None:
    written = (parts.state.nats / "server.json").read_text()

    assert not [name for name, seed in parts.keyring.nats_seeds.items() if seed in written]
    assert "always" == json.loads(written)["jetstream"]["sync_interval"]


@pytest.mark.failure
async def test_a_killed_server_comes_back_at_the_same_address(nats_server: NatsServer) -> None:
    before = nats_server.url
    assert nats_server.pid is not None
    os.kill(nats_server.pid, signal.SIGKILL)
    await nats_server.ended()

    await nats_server.start()
    await nats_server.ready()

    assert before == nats_server.url


@pytest.fixture
async def for_all(state: State, keyring: Keyring) -> AsyncIterator[NatsServer]:
    """A server with the permissions of the product."""
    server = NatsServer(state, keyring.nats_public_keys(), permissions(), Console())
    await server.start()
    await server.ready()
    yield server
    await server.stop(asyncio.Event())


@pytest.mark.failure
async def test_declaring_ends_when_the_server_does(for_all: NatsServer, keyring: Keyring) -> None:
    """Otherwise the runner would wait for it, and start no server again meanwhile."""
    seed, pid = keyring.nats_seeds[DEPLOYER], for_all.pid
    assert pid is not None

    async def killed_meanwhile() -> None:
        async with deployer_connection(for_all.url, seed) as connection:
            os.kill(pid, signal.SIGKILL)
            await for_all.ended()
            await declare_stream(connection, "EVENTS", ("event.>",), days=1)

    await declare(for_all.url, seed)
    async with asyncio.timeout(20):
        with pytest.raises(NotAnswered):
            await killed_meanwhile()
        with pytest.raises(NotAnswered):
            await declare(for_all.url, seed)


async def test_nobody_but_the_deployer_declares(for_all: NatsServer, keyring: Keyring) -> None:
    async with asyncio.timeout(10):
        with pytest.raises(NotAnswered):
            await declare(for_all.url, keyring.nats_seeds["gateway"])


async def test_why_it_does_not_start_is_said(state: State, keyring: Keyring) -> None:
    (state.nats / "streams").touch()
    server = NatsServer(state, keyring.nats_public_keys(), {}, Console())
    await server.start()

    with pytest.raises(CannotStart, match="NATS ended at its start"):
        await server.ready()


async def test_an_older_server_is_refused(tmp_path: Path) -> None:
    older = tmp_path / "nats-server"
    older.write_text("#!/bin/sh\necho nats-server: v2.11.9\n")
    older.chmod(0o755)

    with pytest.raises(CannotStart, match=r"2\.11"):
        await server_version(older)

    assert await server_version(installed_server()) >= (2, 12)

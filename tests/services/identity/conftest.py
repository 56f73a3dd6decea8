"""Fixtures of identity: its schema on a real Postgres, behind its front door on an in-process bus."""

import json
import secrets
from dataclasses import replace

import asyncpg
import pytest

from deploy.runner.environment import Addresses
from services.identity.operators import ensure_organisations
from services.identity.service import answers_of, context_of
from services.identity.settings import IdentitySettings
from shared.assertion import Signer, Verifier
from shared.context import ServiceContext
from shared.contracts import LETTERS
from shared.database import DatabasePool, transaction
from shared.fake_bus import FakeBus, FakeWire
from shared.outbox import Relay
from shared.registers.load import load_registers
from shared.service import Service, start
from tests.services.identity.rig import KEYS, SEEDS, CountingHashes, Rig
from tests.support.connections import KeptConnections, ServicePools


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> IdentitySettings:
    told = {
        "NATS_URL": "nats://127.0.0.1:1",
        "NATS_SEED": "none",
        "DATABASE_URL": "postgresql:///none",
        "BACKGROUND_DATABASE_URL": "postgresql:///none",
        "SIGNING_SEED": SEEDS["identity"].hex(),
        "SIGNING_KEYS": json.dumps({name: key.hex() for name, key in KEYS.items()}),
        "PIN_KEY": secrets.token_hex(32),
        "APP_REQUIRED_FOR": "",
        "PUBLIC_URL": "https://registers.example",
    }
    for name, value in told.items():
        monkeypatch.setenv(f"ICS_{name}", value)
    return IdentitySettings()


@pytest.fixture
async def pools(addresses: Addresses, kept: KeptConnections) -> ServicePools:
    return await kept.both(addresses, "identity")


@pytest.fixture
def pool(pools: ServicePools) -> DatabasePool:
    return pools.pool


@pytest.fixture
async def owner(addresses: Addresses, kept: KeptConnections) -> "asyncpg.Connection[asyncpg.Record]":
    return await kept.owner(addresses, "identity")


@pytest.fixture
def wire() -> FakeWire:
    return FakeWire()


@pytest.fixture
def service_parts(pools: ServicePools, wire: FakeWire) -> ServiceContext:
    bus, signer = FakeBus("identity", wire), Signer("identity", SEEDS["identity"])
    relay = Relay(pools.background, bus, signer, LETTERS)
    verifier, registers = Verifier("identity", KEYS), load_registers()
    return ServiceContext("identity", pools.pool, pools.background, bus, signer, verifier, relay, registers)


@pytest.fixture
async def rig(
    service_parts: ServiceContext,
    settings: IdentitySettings,
    wire: FakeWire,
    owner: "asyncpg.Connection[asyncpg.Record]",
) -> Rig:
    """The service behind its front door, with the DSR's organisations. Its jobs do not run unless a test calls them."""
    hashes = CountingHashes()
    context = replace(context_of(service_parts, settings), hashes=hashes)
    await start(context, Service(answers=answers_of(context)))
    async with transaction(service_parts.pool) as db:
        rows = [(each.name, each.email_domain) for each in context.registers.find("dsr").organisations]
        await ensure_organisations(db, "dsr", rows)
    rig = Rig(service_parts.pool, owner, context, hashes, FakeBus("gateway", wire), Verifier("referrals", KEYS))
    await rig.listen()
    return rig

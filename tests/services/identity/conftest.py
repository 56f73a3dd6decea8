"""Identity's own schema on a real Postgres, behind its front door on a bus within the test."""

import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from deploy.environment import Addresses
from services.identity.operators import ensure_organisations
from services.identity.service import answers_of, desk_of
from services.identity.settings import Settings
from shared.assertion import Signer, Verifier
from shared.contracts import LETTERS
from shared.contracts.health import ReadIdentityBacklog
from shared.database import DatabasePool, transaction
from shared.fake_bus import FakeBus, FakeWire
from shared.front_door import for_anyone
from shared.outbox import Relay
from shared.service import Parts, Service, backlog_of, start
from tests.conftest import OpenDatabase
from tests.services.identity.rig import KEYS, SEEDS, CountingHashes, Rig


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    told = {
        "NATS_URL": "nats://127.0.0.1:1",
        "NATS_SEED": "none",
        "DATABASE_URL": "postgresql:///none",
        "SIGNING_SEED": SEEDS["identity"].hex(),
        "SIGNING_KEYS": json.dumps({name: key.hex() for name, key in KEYS.items()}),
        "PIN_KEY": secrets.token_hex(32),
        "PUBLIC_URL": "https://registers.example",
    }
    for name, value in told.items():
        monkeypatch.setenv(f"ICS_{name}", value)
    return Settings()


@pytest.fixture
async def pool(database: OpenDatabase) -> DatabasePool:
    return await database("identity")


@pytest.fixture
async def owner(addresses: Addresses) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The schema's owner, who may read what the service may only write."""
    connection = await asyncpg.connect(addresses.migrator_dsn("identity"))
    await connection.execute("SET ROLE identity_owner; SET search_path = identity")
    yield connection
    await connection.close()


@pytest.fixture
def wire() -> FakeWire:
    return FakeWire()


@pytest.fixture
def service_parts(pool: DatabasePool, wire: FakeWire) -> Parts:
    bus, signer = FakeBus("identity", wire), Signer("identity", SEEDS["identity"])
    return Parts("identity", pool, bus, signer, Verifier("identity", KEYS), Relay(pool, bus, signer, LETTERS))


@pytest.fixture
async def rig(
    service_parts: Parts, settings: Settings, wire: FakeWire, owner: "asyncpg.Connection[asyncpg.Record]"
) -> Rig:
    """The service behind its door, and the DSR's organisations in it. Its jobs do not run: tests call them."""
    hashes = CountingHashes()
    desk = replace(desk_of(service_parts, settings), hashes=hashes)
    door = [*answers_of(desk), for_anyone(ReadIdentityBacklog, backlog_of(service_parts))]
    await start(service_parts, Service(answers=door, registers=desk.registers))
    async with transaction(service_parts.pool) as db:
        rows = [(each.name, each.email_domain) for each in desk.registers.find("dsr").organisations]
        await ensure_organisations(db, "dsr", rows)
    rig = Rig(service_parts.pool, owner, desk, hashes, FakeBus("gateway", wire), Verifier("referrals", KEYS))
    await rig.listen()
    return rig

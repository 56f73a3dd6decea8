"""The benchmark loads as many records as wanted, and leaves outcomes no work on them."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from deploy.runner.environment import Addresses
from shared.database import open_pool
from shared.registers.load import load_registers
from tests.benchmarks.loading import Crowd, add_accounts, add_records
from tests.services.outcomes.rig import Rig
from tests.services.outcomes.watching import Watch
from tests.services.referrals.rig import Referrals
from tests.support.connections import ServicePools

MILLION = 1_000_000
COUNT_RECORDS = "SELECT count(*), count(DISTINCT reference) FROM referrals.record"
FIND_TASKS = """
    SELECT
        kind,
        count(*) AS many,
        count(*) FILTER (WHERE kind = 'urgent' AND seen_at IS NULL AND told_again_at IS NULL) AS not_told
    FROM outcomes.task
    WHERE closed_at IS NULL
    GROUP BY kind
    ORDER BY kind
"""


@pytest.fixture
async def crowd(own_addresses: Addresses) -> Crowd:
    """The accounts in a database of this test alone, because the loader drops indexes and builds them again."""
    return await add_accounts(own_addresses)


@pytest.fixture
async def admin(own_addresses: Addresses) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(own_addresses.databases["referrals"].admin_dsn)
    yield connection
    await connection.close()


async def test_the_last_of_a_million_records_can_be_added(
    own_addresses: Addresses, crowd: Crowd, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await add_records(own_addresses.databases["referrals"], crowd, MILLION - 49, MILLION)

    assert (50, 50) == tuple(await admin.fetchrow(COUNT_RECORDS) or ())
    assert set(crowd.organisations) > {
        UUID(str(row[0])) for row in await admin.fetch("SELECT DISTINCT organisation_id FROM referrals.record")
    }


@pytest.mark.slow
async def test_outcomes_finds_its_tasks_open_already_and_has_nobody_to_tell(
    own_addresses: Addresses, crowd: Crowd, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await add_records(own_addresses.databases["referrals"], crowd, 1, 100)
    before = await admin.fetch(FIND_TASKS)
    registers = load_registers()
    of_referrals, of_outcomes = [await _pools(own_addresses, each) for each in ("referrals", "outcomes")]
    rig = await Rig.open(await Referrals.open(of_referrals, registers), of_outcomes, registers)

    await Watch.over(rig, registers).watching.compare()

    assert ["agenda", "urgent"] == [row["kind"] for row in before]
    assert before == await admin.fetch(FIND_TASKS)
    assert [0, 0] == [row["not_told"] for row in before]
    assert 0 == await admin.fetchval("SELECT count(*) FROM outcomes.outbox")
    for pools in (of_outcomes, of_referrals):
        await pools.pool.close()
        await pools.background.close()


async def _pools(addresses: Addresses, service: str) -> ServicePools:
    return ServicePools(await open_pool(addresses.dsn(service)), await open_pool(addresses.background_dsn(service)))

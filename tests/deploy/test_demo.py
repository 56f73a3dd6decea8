"""The demo holds the people of the printed screens, so that its figures match theirs."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from deploy.demo.loader import demo_lines, load_demo
from deploy.runner.environment import Addresses
from deploy.runner.stack import EmbeddedParts
from shared.registers.load import load_registers
from shared.values import age_on, london_day
from tests.support.databases import database_copy

SECOND = Path(__file__).parents[1] / "journeys" / "registers"
FIND_RECORDS = """
    SELECT given_name || ' ' || family_name AS name, rating, organisation_id, born, created_at, updated_at, updates
    FROM referrals.record
    WHERE is_open
"""
FIND_DOMAINS = "SELECT organisation_id, domain FROM identity.organisation"


@pytest_asyncio.fixture(scope="module")
async def loaded(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    """The demo, loaded once, because the tests only read it."""
    async with database_copy(parts) as addresses:
        assert await load_demo(addresses)
        yield addresses


@pytest.fixture
async def admin(loaded: Addresses) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(loaded.databases["referrals"].admin_dsn)


@pytest.mark.slow
@pytest.mark.requirement("R-DSR-082", "R-DSR-154")
async def test_the_demo_adds_up_to_the_printed_dashboard(admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    records = await admin.fetch(FIND_RECORDS)
    domains = {row["organisation_id"]: row["domain"] for row in await admin.fetch(FIND_DOMAINS)}
    await admin.close()

    ages = [age_on(row["born"], london_day(row["created_at"].now(row["created_at"].tzinfo))) for row in records]
    assert {"green": 3, "amber": 3, "red": 6} == Counter(row["rating"] for row in records)
    assert (2, 10) == (sum(age < 18 for age in ages), sum(age >= 18 for age in ages))
    assert {"mpft.nhs.uk": 7, "combined.nhs.uk": 2, "staffordshire.police.uk": 2, "stoke.gov.uk": 1} == Counter(
        domains[row["organisation_id"]] for row in records
    )
    assert 5 == len(domains)


@pytest.mark.slow
async def test_it_has_the_printed_dates_and_tells_nobody_of_old_referrals(
    admin: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    records = {row["name"]: row for row in await admin.fetch(FIND_RECORDS)}
    notices = await admin.fetchval("SELECT count(*) FROM referrals.outbox WHERE subjects[1] LIKE 'notice.%'")
    await admin.close()

    percy = records["Percy Plum"]
    assert ("2022-06-17", "2022-07-14", 1) == (
        str(percy["created_at"].date()),
        str(percy["updated_at"].date()),
        percy["updates"],
    )
    assert 0 == notices


async def test_it_is_loaded_into_an_empty_installation_alone(loaded: Addresses) -> None:
    assert not await load_demo(loaded)


async def test_old_reds_are_seen_or_told_of_so_that_nobody_is_mailed_at_the_start(
    admin: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    rows = await admin.fetch("SELECT kind, seen_by_name, seen_at, told_again_at FROM outcomes.task ORDER BY opened_at")
    told = await admin.fetchval("SELECT count(*) FROM outcomes.outbox")
    await admin.close()

    urgent = [row for row in rows if row["kind"] == "urgent"]
    assert {"urgent": 6, "agenda": 3} == Counter(row["kind"] for row in rows)
    assert {"Gail Thomas": 3, None: 3} == Counter(row["seen_by_name"] for row in urgent)
    assert [True] * 6 == [(row["seen_at"] is None) != (row["told_again_at"] is None) for row in urgent]
    assert 0 == told


FIND_ROLES = """
    SELECT a.email, g.register_code, g.role, g.home_organisation_id IS NOT NULL OR g.all_organisations AS can_add
    FROM identity.account a JOIN identity.register_grant g USING (account_id)
    WHERE g.register_code <> 'dsr'
"""


async def test_every_register_has_a_user_of_each_role(parts: EmbeddedParts) -> None:
    registers = load_registers([SECOND])
    async with database_copy(parts) as addresses:
        assert await load_demo(addresses, registers)
        connection = await asyncpg.connect(addresses.databases["identity"].admin_dsn)
        found = {(row["register_code"], row["role"]): row for row in await connection.fetch(FIND_ROLES)}
        await connection.close()

    roles = ("standard", "reporting", "administrator")
    assert {(code, role) for code in ("homes", "watch") for role in roles} == found.keys()
    assert "standard@barchester.gov.uk" == found["homes", "standard"]["email"]
    assert all(row["can_add"] for row in found.values())
    assert any("admin@barchester.gov.uk" in line and "Fitting Homes List" in line for line in demo_lines(registers))

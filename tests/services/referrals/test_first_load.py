"""A register that fills up from nothing: query plans made on empty tables do not stay."""

import asyncpg
import pytest

from deploy.runner.environment import Addresses
from services.referrals.store import counting
from shared.database import DatabasePool, open_pool
from shared.registers.load import Registers
from tests.services.referrals.builders import a_visitor
from tests.services.referrals.people import a_person, unasked
from tests.services.referrals.rig import Referrals
from tests.support.connections import ServicePools

FIRST, LATER = 300, 50
TELL_STATISTICS = "SELECT pg_stat_force_next_flush()"
# A submit may read a small table that it writes to as a whole. What matters is that it does not read the records.
READ_WHOLE = """
    SELECT seq_tup_read
    FROM pg_stat_user_tables
    WHERE relname = ANY(ARRAY['record', 'record_key', 'record_word', 'record_version'])
"""


async def read_whole(pool: DatabasePool) -> int:
    """Return how many rows sequential scans have read so far."""
    await pool.execute(TELL_STATISTICS)
    return sum(row["seq_tup_read"] for row in await pool.fetch(READ_WHOLE))


async def analyse_empty_tables(addresses: Addresses) -> None:
    """Analyse the tables while they are empty, as happens if a database waits for its first record."""
    owner = await asyncpg.connect(addresses.migrator_dsn("referrals"))
    await owner.execute("SET ROLE referrals_owner; SET search_path = referrals")
    await owner.execute("ANALYZE record, record_key, record_word, record_version")
    await owner.close()


@pytest.mark.slow
async def test_a_submit_reads_no_more_of_a_register_that_has_filled_over_its_connection(
    addresses: Addresses, registers: Registers
) -> None:
    await analyse_empty_tables(addresses)
    pool = await open_pool(addresses.dsn("referrals"), size=1)
    background = await open_pool(addresses.background_dsn("referrals"), size=1)
    referrals, visitor = await Referrals.open(ServicePools(pool, background), registers), a_visitor()
    for _ in range(FIRST):
        await referrals.ask(visitor, unasked(**a_person()))
    await pool.execute(TELL_STATISTICS)

    refreshed = await counting.refresh_statistics(background)

    before = await read_whole(pool)
    for _ in range(LATER):
        await referrals.ask(visitor, unasked(**a_person()))
    assert await read_whole(pool) - before < LATER
    assert 4 == refreshed
    assert 0 == await counting.refresh_statistics(background)
    await pool.close()
    await background.close()

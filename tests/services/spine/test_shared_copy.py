"""The database copy that tests share is restored to its state after migration before the next test."""

import asyncio

import asyncpg
import pytest

from tests.support.connections import KeptConnections, tasks_ended
from tests.support.databases import SharedDatabase

ADD_EVENT = """
    INSERT INTO identity.outbox (event_id, subjects, event_type, body)
    VALUES (gen_random_uuid(), '{event}', 'event', '{}')
    RETURNING id
"""
ADD_AUDIT = "INSERT INTO identity.audit (action) VALUES ('tested')"
LEFT = "SELECT (SELECT count(*) FROM identity.outbox) + (SELECT count(*) FROM identity.audit)"
FEEDS = "SELECT * FROM reports.feed ORDER BY source"


async def test_rows_go_sequences_begin_again_and_what_migration_left_is_back(shared_copy: SharedDatabase) -> None:
    await shared_copy.restore()
    admin = await asyncpg.connect(shared_copy.addresses.databases["identity"].admin_dsn)
    feeds, first = await admin.fetch(FEEDS), await admin.fetchval(ADD_EVENT)
    await admin.execute(f"{ADD_AUDIT}; DELETE FROM reports.feed")
    await admin.close()

    await shared_copy.restore()

    admin = await asyncpg.connect(shared_copy.addresses.databases["identity"].admin_dsn)
    assert (0, feeds) == (await admin.fetchval(LEFT), await admin.fetch(FEEDS))
    assert first == await admin.fetchval(ADD_EVENT)
    await admin.close()


async def test_what_an_earlier_test_left_open_holds_nothing_up(shared_copy: SharedDatabase) -> None:
    left_open = await asyncpg.connect(shared_copy.addresses.dsn("identity"))
    await left_open.execute("BEGIN; LOCK TABLE outbox IN ROW EXCLUSIVE MODE")

    await shared_copy.restore()

    assert left_open.is_closed()


async def test_a_change_of_the_schema_is_refused(shared_copy: SharedDatabase) -> None:
    admin = await asyncpg.connect(shared_copy.addresses.databases["identity"].admin_dsn)

    with pytest.raises(asyncpg.RaiseError, match="take the fixture own_addresses"):
        await admin.execute("ALTER TABLE identity.outbox ADD COLUMN another integer")
    await admin.close()


async def test_what_tests_keep_stays_connected(shared_copy: SharedDatabase, kept: KeptConnections) -> None:
    pool = await kept.pool(shared_copy.addresses.dsn("identity"))
    owner = await kept.owner(shared_copy.addresses, "identity")
    before = await pool.fetchval("SELECT pg_backend_pid()"), await owner.fetchval("SELECT pg_backend_pid()")

    await shared_copy.restore()

    again = await kept.pool(shared_copy.addresses.dsn("identity"))
    owner = await kept.owner(shared_copy.addresses, "identity")
    assert before == (await again.fetchval("SELECT pg_backend_pid()"), await owner.fetchval("SELECT pg_backend_pid()"))


async def test_a_pool_in_use_and_an_owner_in_a_transaction_are_not_passed_on(
    shared_copy: SharedDatabase, kept: KeptConnections
) -> None:
    pool = await kept.pool(shared_copy.addresses.dsn("identity"))
    await pool.acquire()
    owner = await kept.owner(shared_copy.addresses, "identity")
    await owner.execute("BEGIN; LOCK TABLE outbox IN ROW EXCLUSIVE MODE")

    assert pool is not await kept.pool(shared_copy.addresses.dsn("identity"))
    assert owner is not await kept.owner(shared_copy.addresses, "identity")
    assert pool.is_closing()
    assert owner.is_closed()


async def test_a_task_that_a_test_leaves_running_is_ended() -> None:
    async with tasks_ended():
        left = asyncio.create_task(asyncio.sleep(60))

    assert left.cancelled()

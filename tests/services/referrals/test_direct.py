"""Direct work on the schema, as a loader or a restored dump does: without a role, scope or search path."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from deploy.runner.environment import Addresses
from shared.migrate import Connection

ADD_RECORDS = """
    INSERT INTO referrals.record (
        id, reference, register_code, edition, state, compartment_id, organisation_id, created_by, created_by_name,
        created_at, updated_at, rated_at, given_name, family_name, search, answers
    )
    SELECT md5(n)::uuid, 'DIRECT-' || n, 'dsr', '2022', 'active', gen_random_uuid(), gen_random_uuid(),
        gen_random_uuid(), 'Some Body', now(), now(), now(), 'Ann', 'Bell', ' ann bell', '{}'
    FROM unnest('{direct one,direct other}'::text []) AS n
"""
ADD_VERSIONS = """
    INSERT INTO referrals.record_version (
        record_id, version, act, changed_at, changed_by, changed_by_name, edition, answers
    )
    SELECT r.id, 0, 'created', r.created_at, r.created_by, r.created_by_name, r.edition, r.answers
    FROM referrals.record AS r
    WHERE r.reference LIKE 'DIRECT-%'
"""
ADD_KEYS = """
    INSERT INTO referrals.record_key (record_id, register_code, key, rule)
    SELECT r.id, r.register_code, 'direct', 'nhs_number' FROM referrals.record AS r WHERE r.reference LIKE 'DIRECT-%'
"""
CHANGES = (
    "UPDATE referrals.record SET updated_at = updated_at + interval '1 day' WHERE reference LIKE 'DIRECT-%'",
    "UPDATE referrals.record SET search = ' ann carr' WHERE reference LIKE 'DIRECT-%'",
    "UPDATE referrals.record SET is_open = false, ended_at = now() WHERE reference LIKE 'DIRECT-%'",
    "UPDATE referrals.record SET is_open = true, ended_at = NULL WHERE reference LIKE 'DIRECT-%'",
    "UPDATE referrals.possible_duplicate SET state = 'linked', decided_at = now() WHERE rule = 'nhs_number'",
    "DELETE FROM referrals.record WHERE reference LIKE 'DIRECT-%'",
    "INSERT INTO referrals.command (id, actor, body_hash) VALUES (gen_random_uuid(), gen_random_uuid(), 'x')",
    "SET CONSTRAINTS ALL IMMEDIATE",
)
MAINTENANCE = ("fold_deltas", "prove_counters", "assign_feed", "refresh_statistics", "seal_audit", "held_ids")
CALLED = "SELECT DISTINCT funcname FROM pg_stat_xact_user_functions WHERE schemaname = 'referrals'"
OF_TRIGGERS = """
    SELECT DISTINCT p.proname
    FROM pg_trigger AS t
    JOIN pg_proc AS p ON p.oid = t.tgfoid
    WHERE p.pronamespace = 'referrals'::regnamespace
"""


@pytest.fixture
async def direct(shared_database: Addresses) -> AsyncIterator[Connection]:
    """Connect as a superuser without a search path, and roll back at the end."""
    connection = await asyncpg.connect(shared_database.databases["referrals"].admin_dsn)
    await connection.execute("SET search_path = ''; SET track_functions = 'all'")
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


async def test_rows_written_directly_meet_every_trigger(direct: Connection) -> None:
    for statement in (ADD_RECORDS, ADD_VERSIONS, ADD_KEYS, *CHANGES):
        await direct.execute(statement)

    triggered = {row[0] for row in await direct.fetch(OF_TRIGGERS)}
    assert set() == triggered - {row[0] for row in await direct.fetch(CALLED)}


@pytest.mark.parametrize("function", MAINTENANCE)
async def test_a_function_of_the_schema_finds_its_tables(direct: Connection, function: str) -> None:
    assert 1 == len(await direct.fetch(f"SELECT referrals.{function}()"))

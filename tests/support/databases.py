"""Databases for tests: copies of the migrated database, and one copy that is restored between tests."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from deploy.runner.database import copy_database, drop_database
from deploy.runner.environment import Addresses
from deploy.runner.stack import EmbeddedParts, addresses_in
from shared.messages import SERVICES
from tests.support.connections import KEPT

FIND_TABLES = """
    SELECT
        format('%I.%I', n.nspname, c.relname) AS name,
        string_agg(quote_ident(a.attname), ', ') FILTER (WHERE a.attgenerated = '') AS columns
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname = ANY($1) AND c.relkind = 'r'
    GROUP BY 1
    ORDER BY 1
"""
FIND_SEQUENCES = """
    SELECT
        format('%I.%I', schemaname, sequencename) AS name,
        coalesce(last_value, start_value) AS value,
        last_value IS NOT NULL AS is_called
    FROM pg_sequences
    WHERE schemaname = ANY($1)
"""
# As a replica, so that rows go in any order and append-only tables can be emptied too.
MAKE_RESTORE = """
    CREATE FUNCTION tests.restore() RETURNS void LANGUAGE plpgsql SET session_replication_role = replica AS $$
    BEGIN
        PERFORM pg_terminate_backend(pid, 5000)
        FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
            AND application_name <> '{kept}';
        {statements}
    END
    $$
"""
FORBID_CHANGES = """
    CREATE FUNCTION tests.forbid() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE '% in a database that tests share: take the fixture own_addresses', tg_tag;
    END
    $$;
    CREATE EVENT TRIGGER forbid ON ddl_command_end EXECUTE FUNCTION tests.forbid()
"""


@asynccontextmanager
async def database_copy(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    """A migrated, empty database for the duration of the block. Yield the addresses of all services."""
    copy = await copy_database(parts.database, f"test_{secrets.token_hex(6)}", SERVICES)
    try:
        yield addresses_in(parts, copy)
    finally:
        await drop_database(copy)


@dataclass(frozen=True)
class SharedDatabase:
    """One copy for many tests. A test that changes its schema fails. Rows and sequences are restored."""

    addresses: Addresses
    administrator: "asyncpg.Connection[asyncpg.Record]"

    async def restore(self) -> None:
        """Disconnect sessions that tests do not keep, and restore rows and sequences to their state after migration."""
        await self.administrator.execute("SELECT tests.restore()")


@asynccontextmanager
async def open_shared_database(parts: EmbeddedParts) -> AsyncIterator[SharedDatabase]:
    async with database_copy(parts) as addresses:
        administrator = await asyncpg.connect(addresses.databases["identity"].admin_dsn)
        try:
            await _prepare(administrator)
            yield SharedDatabase(addresses, administrator)
        finally:
            await administrator.close()


async def _prepare(administrator: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Keep the rows that migration left, and create the function that restores them."""
    await administrator.execute("CREATE SCHEMA tests")
    tables = await administrator.fetch(FIND_TABLES, SERVICES)
    statements = [f"IF EXISTS (SELECT FROM {each['name']}) THEN DELETE FROM {each['name']}; END IF;" for each in tables]
    filled = [each for each in tables if await administrator.fetchval(f"SELECT EXISTS (SELECT FROM {each['name']})")]
    for number, each in enumerate(filled):
        await administrator.execute(f"CREATE TABLE tests.kept_{number} AS SELECT {each['columns']} FROM {each['name']}")
        statements.append(_insert(each["name"], each["columns"], f"tests.kept_{number}"))
    statements += _resets(await administrator.fetch(FIND_SEQUENCES, SERVICES))
    await administrator.execute(MAKE_RESTORE.format(kept=KEPT, statements="\n".join(statements)))
    await administrator.execute(FORBID_CHANGES)


def _insert(table: str, columns: str, kept: str) -> str:
    return f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {kept};"


def _resets(sequences: Sequence[asyncpg.Record]) -> list[str]:
    return [f"PERFORM setval('{each['name']}', {each['value']}, {each['is_called']});" for each in sequences]

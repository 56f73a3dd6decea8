"""A moment of one database: the snapshot that pg_dump reads, and what the manifest says of it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from deploy.runner.database import DatabaseServer
from deploy.runner.refusals import CannotStart
from shared.migrate import Connection

BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
EXPORT = "SELECT pg_export_snapshot()"
READ_SIZE = "SELECT pg_database_size(current_database())"
BYPASSES = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
FIND_TABLES = """
    SELECT n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS quoted
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY($1) AND c.relkind = 'r'
    ORDER BY 1, 2
"""
COUNT = "SELECT count(*) FROM {table}"
READ_MIGRATIONS = "SELECT name FROM {service}.migration ORDER BY name"


@dataclass(frozen=True)
class Snapshot:
    """An exported snapshot. It can be read while the connection is open. `bypasses`: row-level security."""

    connection: Connection
    services: Sequence[str]
    id: str
    size: int
    bypasses: bool

    async def migrations(self) -> dict[str, list[str]]:
        """Return the names of the migrations that were applied to each service."""
        return {
            service: [row["name"] for row in await self.connection.fetch(READ_MIGRATIONS.format(service=service))]
            for service in self.services
        }


@asynccontextmanager
async def snapshot_of(server: DatabaseServer, services: Sequence[str]) -> AsyncIterator[Snapshot]:
    """Hold one moment of these services' database for the block."""
    connection = await asyncpg.connect(server.admin_dsn)
    try:
        await connection.execute(BEGIN)
        bypasses = await connection.fetchval(BYPASSES)
        size = await connection.fetchval(READ_SIZE)
        yield Snapshot(connection, services, await connection.fetchval(EXPORT), size, bypasses)
    finally:
        await connection.close()


async def count_rows(connection: Connection, services: Sequence[str]) -> dict[str, int]:
    """Return the number of rows of each table of these services."""
    found = await connection.fetch(FIND_TABLES, list(services))
    if missing := set(services) - {row["schema"] for row in found}:
        raise CannotStart(f"The database holds nothing of {' and '.join(sorted(missing))}: run `ics migrate` first.")
    return {
        f"{row['schema']}.{row['name']}": await connection.fetchval(COUNT.format(table=row["quoted"])) for row in found
    }

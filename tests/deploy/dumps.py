"""Dumps by PostgreSQL's own tools, and what a database holds: rows, next ids, and its audit."""

import re
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from deploy.operate.backup.programs import connection_of
from deploy.runner.database import DatabaseServer
from deploy.runner.environment import Addresses
from deploy.runner.postgres import installed_binaries
from shared.audit import AuditVerification, verify
from shared.messages import SERVICES
from shared.migrate import Connection

FIND_TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname)
    FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY($1) AND c.relkind = 'r'
"""
FIND_SEQUENCES = """
    SELECT format('%I.%I', schemaname, sequencename), format('%s of %s', last_value IS NOT NULL, last_value)
    FROM pg_sequences WHERE schemaname = ANY($1)
"""
DEFAULT_GRANTS = """
    SELECT pg_get_userbyid(defaclrole), concat_ws(' ', defaclnamespace::regnamespace, defaclobjtype, defaclacl)
    FROM pg_default_acl
"""
USE_TRANSACTIONS = """
    CREATE TEMP TABLE used (n int);
    DO $$ BEGIN
        FOR i IN 1..{number} LOOP
            BEGIN
                INSERT INTO used VALUES (i);
            EXCEPTION WHEN division_by_zero THEN NULL;
            END;
        END LOOP;
    END $$
"""
PRESENT = "SELECT pg_current_xact_id()::text::bigint"
ACT = "INSERT INTO audit (action) VALUES ('tested')"
SEAL = "SELECT seal_n FROM seal_audit()"


def run(name: str, server: DatabaseServer, *options: str) -> str:
    """Run one of PostgreSQL's programs on a database. Return what it prints."""
    address, environment = connection_of(server)
    where = () if "--list" in options else (f"--dbname={address}",)
    command = (str(installed_binaries() / name), *where, *options)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    return done.stdout


@asynccontextmanager
async def connected(dsn: str, service: str = "") -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(dsn)
    try:
        if service:
            await connection.execute(f"SET ROLE {service}_owner; SET search_path = {service}")
        yield connection
    finally:
        await connection.close()


@dataclass(frozen=True)
class Contents:
    """How many rows each table holds, and which value each sequence gives next."""

    rows: dict[str, int]
    sequences: dict[str, str]

    def without(self, *tables: str) -> "Contents":
        kept = {name: rows for name, rows in self.rows.items() if name.split(".")[1] not in tables}
        return Contents(kept, self.sequences)


async def contents(server: DatabaseServer) -> Contents:
    async with connected(server.admin_dsn) as db:
        tables = [row[0] for row in await db.fetch(FIND_TABLES, SERVICES)]
        rows = {name: await db.fetchval(f"SELECT count(*) FROM {name}") for name in sorted(tables)}
        return Contents(rows, {row[0]: row[1] for row in await db.fetch(FIND_SEQUENCES, SERVICES)})


async def use_transactions(server: DatabaseServer, number: int) -> None:
    async with connected(server.admin_dsn) as db:
        await db.execute(USE_TRANSACTIONS.format(number=number))


async def present_transaction(server: DatabaseServer) -> int:
    async with connected(server.admin_dsn) as db:
        return int(await db.fetchval(PRESENT))


async def act(addresses: Addresses, times: int = 1) -> None:
    """Add rows to the audit of each service, as the service does."""
    for service in SERVICES:
        async with connected(addresses.dsn(service)) as db:
            for _ in range(times):
                await db.execute(ACT)


async def seal(addresses: Addresses, times: int = 3) -> None:
    """Seal as the services' jobs do: each run seals what one start of the server left."""
    for service in SERVICES:
        async with connected(addresses.dsn(service)) as db:
            for _ in range(times):
                await db.fetchval(SEAL)


async def heads_of(addresses: Addresses) -> list[str]:
    """Return the newest head of each service, as it is kept outside the database."""
    heads = []
    for service in SERVICES:
        async with connected(addresses.migrator_dsn(service), service) as db:
            row = await db.fetchrow("SELECT n, hash FROM audit_seal ORDER BY n DESC LIMIT 1")
            assert row is not None
            heads.append(f"{service} {row['n']} {row['hash'].hex()}")
    return heads


async def verdicts(addresses: Addresses, heads: Sequence[str] = ()) -> list[AuditVerification]:
    found = []
    for service in SERVICES:
        async with connected(addresses.migrator_dsn(service), service) as db:
            found.append(await verify(db, service, heads))
    return found


def schema_of(server: DatabaseServer) -> list[str]:
    """
    Return the statements that make the schemas again: tables, functions, owners, grants, policies and triggers.

    Brackets are left out: Postgres prints fewer when it has read its own print once.
    """
    written = run("pg_dump", server, "--schema-only", *(f"--schema={each}" for each in SERVICES))
    return [
        re.sub("[()]", "", line) for line in written.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))
    ]


async def default_grants(server: DatabaseServer) -> set[str]:
    """Return what each role grants on everything that it makes later."""
    async with connected(server.admin_dsn) as db:
        return {f"{row[0]} {row[1]}" for row in await db.fetch(DEFAULT_GRANTS)}


def dump(server: DatabaseServer, file: Path, *options: str) -> Path:
    run("pg_dump", server, "--format=custom", f"--file={file}", *options)
    return file

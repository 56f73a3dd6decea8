"""What the database refuses: another service's tables, objects of a service's own making, and logins without rights."""

import asyncpg
import pytest

from deploy.runner.database import DatabaseServer, bootstrap, scram_verifier
from deploy.runner.environment import Addresses
from deploy.runner.keyring import MIGRATOR, service_roles
from deploy.runner.refusals import CannotStart
from deploy.runner.stack import EmbeddedParts
from shared.database import transaction
from shared.messages import SERVICES
from tests.conftest import OpenDatabase


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_reads_its_own_tables_and_nobody_else_s(service: str, database: OpenDatabase) -> None:
    pool = await database(service)

    await pool.fetch("SELECT * FROM inbox")

    for other in set(SERVICES) - {service}:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.fetch(f"SELECT * FROM {other}.inbox")


FORBIDDEN = [
    "CREATE TABLE identity.mine (x int)",
    "CREATE TABLE public.mine (x int)",
    "CREATE TEMPORARY TABLE mine (x int)",
    "CREATE SCHEMA mine",
    "CREATE DATABASE mine",
    "CREATE ROLE mine",
    "CREATE EXTENSION citext",
    "SET ROLE identity_owner",
    "SET ROLE ics_migrator",
    "ALTER TABLE outbox ADD COLUMN mine int",
    "DROP TABLE outbox",
    "TRUNCATE outbox",
    "SELECT * FROM migration",
    "SELECT * FROM audit",
    "UPDATE audit SET action = 'other'",
    "DELETE FROM audit",
    "INSERT INTO audit_seal (n, lo, hi, rows, prev, hash) VALUES (1, '0', '0', 0, '', '')",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_read_file('PG_VERSION')",
    "COPY inbox TO PROGRAM 'true'",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_a_service_can_do_nothing_but_what_it_was_granted(statement: str, database: OpenDatabase) -> None:
    pool = await database("identity")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(statement)


async def test_a_service_cannot_add_a_record_past_the_triggers(database: OpenDatabase) -> None:
    """Triggers leave rows alone that are added with `row_security` off, as pg_restore does."""
    pool = await database("referrals")

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with transaction(pool) as db:
            await db.execute("SET LOCAL row_security = off; INSERT INTO record DEFAULT VALUES")


@pytest.mark.parametrize("service", SERVICES)
async def test_no_service_may_put_a_temporary_table_before_its_schema(service: str, database: OpenDatabase) -> None:
    """
    Check that the pinned path of a function need not name `pg_temp`, which comes first where a path leaves it out.

    So a temporary table would take the place of a table that the function reads with its owner's rights.
    """
    pool = await database(service)

    for role in (f"{service}_app", f"{service}_owner", MIGRATOR):
        assert not await pool.fetchval("SELECT has_database_privilege($1, current_database(), 'TEMP')", role)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute("CREATE TEMP TABLE inbox (consumer text)")


async def test_a_service_enters_only_with_its_own_password(addresses: Addresses) -> None:
    wrong = addresses.databases["identity"].dsn("identity_app", addresses.keyring.role_passwords["reports_app"])

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(wrong)


@pytest.mark.parametrize("other", ["postgres", "template1"])
async def test_a_service_enters_no_other_database(other: str, addresses: Addresses) -> None:
    elsewhere = DatabaseServer(addresses.dsn("identity")).with_database(other)

    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(elsewhere.admin_dsn)


async def test_a_service_s_session_has_limits(database: OpenDatabase) -> None:
    pool = await database("referrals")
    names = ("search_path", "jit", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")

    assert ["referrals", "off", "3s", "1s", "10s"] == [await pool.fetchval(f"SHOW {name}") for name in names]


async def test_the_migrator_may_become_each_owner(addresses: Addresses) -> None:
    connection = await asyncpg.connect(addresses.migrator_dsn("identity"))
    try:
        for service in SERVICES:
            await connection.execute(f"SET ROLE {service}_owner; RESET ROLE")
        assert MIGRATOR == await connection.fetchval("SELECT current_user")
    finally:
        await connection.close()


async def test_bootstrapping_again_changes_nothing(parts: EmbeddedParts, own_addresses: Addresses) -> None:
    passwords = parts.keyring.role_passwords
    await bootstrap(own_addresses.databases["identity"], SERVICES, passwords)

    connection = await asyncpg.connect(own_addresses.dsn("identity"))
    try:
        assert "identity_app" == await connection.fetchval("SELECT current_user")
    finally:
        await connection.close()


async def test_an_administrator_need_not_be_a_superuser(parts: EmbeddedParts, addresses: Addresses) -> None:
    """On a hosted PostgreSQL, the role may only create roles, and owns the database."""
    server = addresses.databases["identity"]
    connection = await asyncpg.connect(server.with_database("postgres").admin_dsn)
    name = f"{server.database}_hosted"
    try:
        await connection.execute(f"CREATE ROLE hosted CREATEROLE LOGIN PASSWORD '{scram_verifier('made up')}'")
        await connection.execute(f"GRANT {MIGRATOR} TO hosted WITH ADMIN OPTION")
        for service in SERVICES:
            roles = ", ".join((f"{service}_owner", *service_roles([service])))
            await connection.execute(f"GRANT {roles} TO hosted WITH ADMIN OPTION")
        await connection.execute(f'CREATE DATABASE "{name}" OWNER hosted')
        hosted = DatabaseServer(server.with_database(name).dsn("hosted", "made up"))
        await bootstrap(hosted, SERVICES, parts.keyring.role_passwords)
        own = await asyncpg.connect(hosted.dsn("identity_app", parts.keyring.role_passwords["identity_app"]))
        may_use = await own.fetchval("SELECT has_schema_privilege('identity', 'USAGE')")
        await own.close()
        assert may_use
    finally:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute("DROP OWNED BY hosted CASCADE; DROP ROLE hosted")
        await connection.close()


async def test_a_wrong_administrator_s_password_is_said_without_showing_it(addresses: Addresses) -> None:
    server = addresses.databases["identity"]
    wrong = DatabaseServer(server.dsn("postgres", "not-the-password"))

    with pytest.raises(CannotStart) as refused:
        await bootstrap(wrong, SERVICES, addresses.keyring.role_passwords)

    assert "refuses its administrator's password" in str(refused.value)
    assert "not-the-password" not in str(refused.value)


async def test_no_password_stands_in_a_statement(parts: EmbeddedParts) -> None:
    password = parts.keyring.role_passwords["identity_app"]

    assert password not in scram_verifier(password)
    assert scram_verifier(password) == scram_verifier(password)

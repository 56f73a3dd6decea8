"""Roles, schemas and grants: each service has its own schema and role, and no access to another service's schema."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote, urlsplit

import asyncpg

from deploy.runner.keyring import MIGRATOR, service_roles
from deploy.runner.refusals import CannotStart

DATABASE = "ics"
SCRAM_ROUNDS = 128  # rounds slow down guessing of passwords that people choose; these are 192 random bits

BEGIN = "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('ics bootstrap', 0))"
CLOSE_DATABASE = """
    DO $$ BEGIN
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO {roles}', current_database());
    END $$;
"""
# btree_gin and pg_trgm are for searching. A schema that needs a name of them writes `extensions.<name>`.
COMMON = """
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    CREATE SCHEMA IF NOT EXISTS extensions;
    CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA extensions;
    CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA extensions;
"""
LOGIN_ROLE = """
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
            CREATE ROLE {role} LOGIN PASSWORD '{verifier}';
        ELSIF NOT has_table_privilege('pg_authid', 'SELECT') THEN
            ALTER ROLE {role} PASSWORD '{verifier}';
        ELSIF (SELECT rolpassword FROM pg_authid WHERE rolname = '{role}') IS DISTINCT FROM '{verifier}' THEN
            ALTER ROLE {role} PASSWORD '{verifier}';
        END IF;
    END $$;
"""
SERVICE = """
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{service}_owner') THEN
            CREATE ROLE {service}_owner NOLOGIN;
        END IF;
        IF NOT pg_has_role(current_user, '{service}_owner', 'SET') THEN
            EXECUTE format('GRANT {service}_owner TO %I', current_user);
        END IF;
    END $$;
    GRANT {service}_owner TO {migrator};
    CREATE SCHEMA IF NOT EXISTS {service} AUTHORIZATION {service}_owner;
    ALTER DEFAULT PRIVILEGES FOR ROLE {service}_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    GRANT USAGE ON SCHEMA {service} TO {service}_app;
    GRANT USAGE ON SCHEMA extensions TO {service}_owner, {service}_app;
    GRANT {service}_app TO {service}_background;
"""
# A role inherits the rights of another, but not its settings.
LOGIN_SETTINGS = """
    ALTER ROLE {role} SET search_path = {schema};
    ALTER ROLE {role} SET jit = off;
    ALTER ROLE {role} SET statement_timeout = '3s';
    ALTER ROLE {role} SET lock_timeout = '1s';
    ALTER ROLE {role} SET idle_in_transaction_session_timeout = '10s';
"""


@dataclass(frozen=True, repr=False)
class DatabaseServer:
    """A database, by the address that its administrator uses."""

    admin_dsn: str

    def dsn(self, role: str, password: str) -> str:
        """Return the address of the same database for another role."""
        address = urlsplit(self.admin_dsn)
        where = address.netloc.rpartition("@")[2]
        return address._replace(netloc=f"{quote(role)}:{quote(password)}@{where}").geturl()

    def with_database(self, name: str) -> "DatabaseServer":
        """Return another database on the same server."""
        return DatabaseServer(urlsplit(self.admin_dsn)._replace(path=f"/{name}").geturl())

    @property
    def database(self) -> str:
        return PurePosixPath(urlsplit(self.admin_dsn).path).name


async def bootstrap(server: DatabaseServer, services: Iterable[str], passwords: Mapping[str, str]) -> None:
    """
    Create the database, roles, schemas and grants of these services, or correct existing ones.

    The administrator is a superuser, or a role with CREATEROLE that owns the database or may create it. Raise
    `CannotStart` if the database cannot be reached or the script fails.
    """
    connection = await _connect(server)
    try:
        await connection.execute(f"{BEGIN}; {_script(tuple(services), passwords)} COMMIT")
    except asyncpg.PostgresError as error:
        raise CannotStart(f"The database's roles and schemas cannot be made: {type(error).__name__}.") from None
    finally:
        await connection.close()


def _script(services: tuple[str, ...], passwords: Mapping[str, str]) -> str:
    """
    Return the script. No value needs quoting: names come from our list of services, and verifiers from a fixed
    alphabet.
    """
    logins = (MIGRATOR, *service_roles(services))
    return "".join(
        (
            COMMON,
            *(LOGIN_ROLE.format(role=role, verifier=scram_verifier(passwords[role])) for role in logins),
            *(SERVICE.format(service=service, migrator=MIGRATOR) for service in services),
            *(
                LOGIN_SETTINGS.format(role=role, schema=service)
                for service in services
                for role in service_roles([service])
            ),
            CLOSE_DATABASE.format(roles=", ".join(logins)),
        )
    )


def scram_verifier(password: str) -> str:
    """
    Return what Postgres stores instead of a password, so that no statement contains the password. It is deterministic.
    """
    salt = hashlib.sha256(b"ics role salt" + password.encode()).digest()[:16]
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    coded = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${SCRAM_ROUNDS}:{coded[0]}${coded[1]}:{coded[2]}"


async def _connect(server: DatabaseServer) -> "asyncpg.Connection[asyncpg.Record]":
    try:
        try:
            return await asyncpg.connect(server.admin_dsn)
        except asyncpg.InvalidCatalogNameError:
            await _create_database(server)
            return await asyncpg.connect(server.admin_dsn)
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
        raise CannotStart(
            "The database refuses its administrator's password: secrets.json (or ICS_DATABASE_URL) is not its own."
        ) from None
    except (asyncpg.PostgresError, OSError, TimeoutError, ValueError) as error:
        raise CannotStart(f"The database cannot be reached: {type(error).__name__}. See ICS_DATABASE_URL.") from None


async def _create_database(server: DatabaseServer) -> None:
    connection = await asyncpg.connect(server.with_database("postgres").admin_dsn)
    try:
        quoted = '"' + server.database.replace('"', '""') + '"'
        await connection.execute(f"CREATE DATABASE {quoted}")
    finally:
        await connection.close()


async def copy_database(server: DatabaseServer, name: str, services: Iterable[str]) -> DatabaseServer:
    """
    Create a copy of this database, for tests. No one may be connected to the original. `name` is not quoted.

    The grants on a database are not copied with it, so they are given again.
    """
    connection = await asyncpg.connect(server.with_database("postgres").admin_dsn)
    try:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{server.database}" STRATEGY FILE_COPY')
    finally:
        await connection.close()
    copy = server.with_database(name)
    connection = await asyncpg.connect(copy.admin_dsn)
    try:
        await connection.execute(CLOSE_DATABASE.format(roles=", ".join((MIGRATOR, *service_roles(services)))))
    finally:
        await connection.close()
    return copy


async def drop_database(server: DatabaseServer) -> None:
    """Remove the database, and end its connections."""
    connection = await asyncpg.connect(server.with_database("postgres").admin_dsn)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{server.database}" WITH (FORCE)')
    finally:
        await connection.close()

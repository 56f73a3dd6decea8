"""`ics restore`: an installation from a backup, as a copy that is held until it is released."""

import asyncio
import shutil
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg

from deploy.operate.backup import programs
from deploy.operate.backup.archive import Archive, open_archive
from deploy.operate.backup.making import check_room, grouped
from deploy.operate.backup.manifest import DatabaseDump, Manifest
from deploy.operate.backup.secret import read_secret
from deploy.operate.backup.snapshot import count_rows
from deploy.runner.console import Console
from deploy.runner.database import DatabaseServer, bootstrap
from deploy.runner.environment import Addresses, databases
from deploy.runner.keyring import open_keyring
from deploy.runner.postgres import Postgres
from deploy.runner.preparation import prepare_databases
from deploy.runner.refusals import CannotStart
from deploy.runner.settings import RunnerSettings
from deploy.runner.state import State, locked, open_state, state_in

# Tables in which a migration puts rows. Any other row means that the database is in use.
FILLED_BY_MIGRATIONS = ("migration", "functions_file", "feed")
FIND_FILLED = """
    SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY($1) AND c.relkind = 'r' AND c.relname <> ALL($2)
"""
HAS_ROWS = "SELECT EXISTS (SELECT FROM {table})"
DROP_SCHEMA = "DROP SCHEMA IF EXISTS {service} CASCADE"
# Who logged out after the backup would be logged in again.
END_SESSIONS = "DELETE FROM identity.session; UPDATE identity.attempt SET state = 'over' WHERE state = 'waiting'"
NOT_EMPTY = "The state folder {folder} is not empty. A backup is restored into a new or empty one only."
HOLD = "SET ROLE {service}_owner; SELECT {service}.hold_installation(); RESET ROLE"


async def restore(settings: RunnerSettings, file: Path) -> Manifest:
    """
    Restore a backup into an empty state folder and empty databases, and hold the installation.

    Raise `CannotStart` before anything is written if the backup is damaged, the secret is wrong, the state folder or a
    database is in use, or there is no room. If the restore fails later, folder and databases are emptied again.
    """
    archive = open_archive(file, read_secret(settings))
    folder = state_in(settings.state_dir).folder
    if folder.exists() and any(folder.iterdir()):
        raise CannotStart(NOT_EMPTY.format(folder=folder))
    manifest = Manifest.verified(archive)
    for server, services in grouped(databases(settings, None)).items():
        await _check_empty(server, services)
    if settings.needs_postgres:
        check_room(next(each for each in (folder, *folder.parents) if each.exists()), manifest.size)
    state = open_state(settings.state_dir)
    with locked(state):
        if state.keyring_file.exists():  # made while the backup was read: that installation is not ours to remove
            raise CannotStart(NOT_EMPTY.format(folder=folder))
        try:
            state.restoring.touch()
            await _restore_into(settings, state, archive, manifest)
            state.restoring.unlink()
        except BaseException:
            _empty(state)
            raise
    return manifest


async def _check_empty(server: DatabaseServer, services: Sequence[str]) -> None:
    """Raise `CannotStart` if a table of these services holds rows. A database that was only migrated is empty."""
    try:
        connection = await asyncpg.connect(server.admin_dsn)
    except asyncpg.InvalidCatalogNameError:  # it does not exist yet
        return
    try:
        for row in await connection.fetch(FIND_FILLED, list(services), list(FILLED_BY_MIGRATIONS)):
            if await connection.fetchval(HAS_ROWS.format(table=row["name"])):
                raise CannotStart(
                    f"The database is not empty: {row['name']} holds rows. A backup is restored into an empty one only."
                )
    finally:
        await connection.close()


async def _restore_into(settings: RunnerSettings, state: State, archive: Archive, manifest: Manifest) -> None:
    for name in manifest.parts:
        if name not in {each.part for each in manifest.databases}:
            _write_kept(state, name, archive)
    keyring = open_keyring(state.keyring_file)
    postgres = Postgres(state, keyring.superuser_password, Console()) if settings.needs_postgres else None
    try:
        if postgres is not None:
            await postgres.start()
            await postgres.ready()
        embedded = postgres.server if postgres is not None else None
        addresses = Addresses(keyring, databases(settings, embedded), "")
        async with AsyncExitStack() as undoing:
            for each in manifest.databases:
                server = await _load(addresses, each, archive)
                undoing.push_async_callback(_drop_schemas, server, each.services)
            await _check_rows(addresses, manifest)
            await prepare_databases(addresses)
            await _hold(addresses)
            undoing.pop_all()  # a copy that is not held must not stay
    finally:
        if postgres is not None:
            await postgres.stop(asyncio.Event())


def _write_kept(state: State, name: str, archive: Archive) -> None:
    """Write a file of the state folder. Its name is compared with those that we keep, as it comes from the backup."""
    places = {each.name: each for each in state.kept_in_backups}
    if name not in places:
        raise CannotStart(f"The backup holds a file {name}, which this version does not know.")
    places[name].touch(mode=0o600)
    places[name].write_bytes(b"".join(archive.part(name)))


async def _load(addresses: Addresses, dumped: DatabaseDump, archive: Archive) -> DatabaseServer:
    """Load a dump into new schemas of its services, and return the database."""
    servers = {addresses.databases[service] for service in dumped.services}
    if len(servers) > 1:
        raise CannotStart(
            f"{', '.join(dumped.services)} were in one database, and settings name several: restore them into one."
        )
    server = servers.pop()
    passwords = addresses.keyring.role_passwords
    await bootstrap(server, dumped.services, passwords)
    await _drop_schemas(server, dumped.services)
    await bootstrap(server, dumped.services, passwords)
    await programs.load(server, dumped.services, archive.part(dumped.part))
    return server


async def _drop_schemas(server: DatabaseServer, services: Sequence[str]) -> None:
    connection = await asyncpg.connect(server.admin_dsn)
    try:
        for service in services:
            await connection.execute(DROP_SCHEMA.format(service=service))
    finally:
        await connection.close()


async def _check_rows(addresses: Addresses, manifest: Manifest) -> None:
    found: dict[str, int] = {}
    for server, services in grouped(addresses.databases).items():
        connection = await asyncpg.connect(server.admin_dsn)
        try:
            found |= await count_rows(connection, services)
            await connection.execute("ANALYZE")
        finally:
            await connection.close()
    if wrong := sorted(name for name, rows in manifest.rows.items() if found.get(name) != rows):
        raise CannotStart(f"Not all rows were restored, in {', '.join(wrong)}: use another backup.")


async def _hold(addresses: Addresses) -> None:
    for server, services in grouped(addresses.databases).items():
        connection = await asyncpg.connect(server.admin_dsn)
        try:
            for service in services:
                await connection.execute(HOLD.format(service=service))
            if "identity" in services:
                await connection.execute(END_SESSIONS)
        finally:
            await connection.close()


def _empty(state: State) -> None:
    """Remove what the failed restore made in the state folder, which was empty before."""
    shutil.rmtree(state.run, ignore_errors=True)
    for each in state.folder.iterdir():
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each, ignore_errors=True)
        else:
            each.unlink(missing_ok=True)

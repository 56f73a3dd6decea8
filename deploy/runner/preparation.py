"""Update the databases of all services to this version: roles, schemas and migrations."""

import asyncio

import asyncpg

from deploy.runner.console import Console
from deploy.runner.database import bootstrap
from deploy.runner.environment import Addresses, databases
from deploy.runner.keyring import open_keyring
from deploy.runner.places import migration_folders
from deploy.runner.postgres import Postgres
from deploy.runner.refusals import CannotStart
from deploy.runner.settings import RunnerSettings
from deploy.runner.state import State
from deploy.runner.supervise import together
from shared.messages import SERVICES
from shared.migrate import MigrationRefused, Phase, migrate


async def prepare_databases(addresses: Addresses, phase: Phase = Phase.ALL) -> list[str]:
    """Prepare each server once, then migrate each schema. Return the applied migrations, with their service."""
    by_server: dict[str, list[str]] = {}
    for service in SERVICES:
        by_server.setdefault(addresses.databases[service].admin_dsn, []).append(service)
    passwords = addresses.keyring.role_passwords
    await together(*(bootstrap(addresses.databases[each[0]], each, passwords) for each in by_server.values()))
    return await _migrate_all(addresses, phase)


async def migrate_alone(settings: RunnerSettings, state: State, phase: Phase) -> list[str]:
    """Prepare the databases while nothing else runs, for `ics migrate`. Start the embedded server if it is needed."""
    keyring = open_keyring(state.keyring_file)
    if not settings.needs_postgres:
        return await prepare_databases(Addresses(keyring, databases(settings, None), ""), phase)
    postgres = Postgres(state, keyring.superuser_password, Console())
    try:
        await postgres.start()
        await postgres.ready()
        return await prepare_databases(Addresses(keyring, databases(settings, postgres.server), ""), phase)
    finally:
        await postgres.stop(asyncio.Event())


async def _migrate_all(addresses: Addresses, phase: Phase) -> list[str]:
    try:
        applied = await asyncio.gather(
            *(migrate(addresses.migrator_dsn(each), each, migration_folders(each), phase) for each in SERVICES)
        )
    except MigrationRefused as why:
        raise CannotStart(f"Migrations: {why}") from None
    except (asyncpg.PostgresError, OSError, TimeoutError) as error:
        raise CannotStart(f"The migrations could not be applied: {type(error).__name__}.") from None
    return [f"{service}: {name}" for service, names in zip(SERVICES, applied, strict=True) for name in names]

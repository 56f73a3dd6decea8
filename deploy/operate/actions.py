"""Operator actions on an installation, running or not: a first account, a check of the audit, a rebuild of reports."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from deploy.runner.console import Console
from deploy.runner.database import DatabaseServer
from deploy.runner.environment import Addresses, databases
from deploy.runner.keyring import open_keyring
from deploy.runner.postgres import Postgres
from deploy.runner.preparation import prepare_databases
from deploy.runner.refusals import CannotStart
from deploy.runner.settings import RunnerSettings
from deploy.runner.state import State, locked, open_state
from gateway.ui.brand import read_brand
from services.identity.keys import Keys
from services.identity.mails import Mails
from services.identity.operators import Mailed, NewAccount, create_account, reset_app_of
from services.identity.rules.authenticator import needing_app
from services.identity.rules.passwords import PROFILES
from services.reports.operators import rebuild
from shared.audit import AuditVerification, verify
from shared.database import open_pool, transaction
from shared.messages import SERVICES, Refused
from shared.values import Unreadable

SAID = {
    "already_registered": "there is an account with this address already.",
    "invalid_answers": "the names or the address cannot be used: check them for typing errors.",
}


@asynccontextmanager
async def reached(settings: RunnerSettings, state: State, *, prepared: bool = True) -> AsyncIterator[Addresses]:
    """
    Give access to the installation's databases. If the embedded ones are not running, start them for this block.

    Then migrate them too if they are to be `prepared`.
    """
    keyring = open_keyring(state.keyring_file)
    postgres = Postgres(state, keyring.superuser_password, Console())
    embedded = postgres.server if settings.needs_postgres else None
    addresses = Addresses(keyring, databases(settings, embedded), "")
    if embedded is None or await _answers(embedded):
        yield addresses
        return
    with locked(state):
        try:
            await postgres.start()
            await postgres.ready()
            if prepared:
                await prepare_databases(addresses)
            yield addresses
        finally:
            await postgres.stop(asyncio.Event())


async def _answers(server: DatabaseServer) -> bool:
    try:
        connection = await asyncpg.connect(server.admin_dsn, timeout=2)
    except asyncpg.InvalidPasswordError:  # it runs, and refuses us
        raise
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return False
    await connection.close()
    return True


async def create_master_admin(settings: RunnerSettings, email: str, first_name: str, last_name: str) -> None:
    """
    Add a master admin and queue the welcome mail, which the running product sends in the installation's name.

    Raise `CannotStart` if the names or the address are refused, or the database cannot be started.
    """
    state = open_state(settings.state_dir)
    async with reached(settings, state) as addresses:
        keys = Keys(bytes.fromhex(addresses.keyring.pin_key))
        mails = Mails(settings.public_url or f"http://{settings.host}:{settings.port}")
        installation = _installation(settings)
        pool = await open_pool(addresses.dsn("identity"), size=1)
        try:
            async with transaction(pool) as db:
                account = NewAccount(email, first_name, last_name, master_admin=True)
                await create_account(db, account, Mailed(keys, mails, PROFILES["ics"], installation=installation))
        except Refused as refusal:
            raise CannotStart(f"No account was made: {SAID.get(refusal.code, refusal.code)}") from None
        finally:
            await pool.close()


@dataclass(frozen=True)
class ResettingParts:
    """What resetting an app needs, of an installation that need not run."""

    keys: Keys
    mails: Mails
    needing_app: tuple[str, ...]


async def reset_app(settings: RunnerSettings, email: str) -> str | None:
    """
    Reset the authenticator app of an account, and queue a mail to its user.

    Return the code to give to the user, or None if no role needs an app. Raise `CannotStart` if there is no such app,
    or a setting cannot be used.
    """
    needing = _needing_app()
    async with reached(settings, open_state(settings.state_dir)) as addresses:
        keys = Keys(bytes.fromhex(addresses.keyring.pin_key))
        mails = Mails(settings.public_url or f"http://{settings.host}:{settings.port}")
        installation = _installation(settings)
        pool = await open_pool(addresses.dsn("identity"), size=1)
        try:
            async with transaction(pool) as db:
                return await reset_app_of(db, ResettingParts(keys, mails, needing), email, installation)
        except (Refused, Unreadable):
            raise CannotStart("No account with this address has an authenticator app.") from None
        finally:
            await pool.close()


def _needing_app() -> tuple[str, ...]:
    """Return the roles and add-ons that need an app, as identity reads them outside demo mode."""
    try:
        return needing_app(os.environ.get("ICS_APP_REQUIRED_FOR"), demo=False)
    except ValueError as error:
        raise CannotStart(f"ICS_APP_REQUIRED_FOR: {error}.") from None


def _installation(settings: RunnerSettings) -> str:
    """Return the installation's name, which its brand file gives."""
    try:
        return read_brand(settings.brand).name
    except (OSError, ValueError):
        raise CannotStart(f"The brand file {settings.brand} cannot be read: see ICS_BRAND.") from None


async def rebuild_reports(settings: RunnerSettings) -> list[str]:
    """Ask reports to copy its sources again. Return the sources, without those that are already being copied again."""
    async with reached(settings, open_state(settings.state_dir)) as addresses:
        pool = await open_pool(addresses.background_dsn("reports"), size=1)
        try:
            return await rebuild(pool)
        finally:
            await pool.close()


async def verify_audit(settings: RunnerSettings) -> list[AuditVerification]:
    """Verify every service's chain against the heads that are kept outside the database."""
    state = open_state(settings.state_dir)
    heads = state.audit_heads.read_text(encoding="ascii").splitlines() if state.audit_heads.exists() else []
    verdicts = []
    async with reached(settings, state) as addresses:
        for service in SERVICES:
            connection = await asyncpg.connect(addresses.migrator_dsn(service))
            try:
                await connection.execute(f"SET ROLE {service}_owner; SET search_path = {service}")
                verdicts.append(await verify(connection, service, heads))
            finally:
                await connection.close()
    return verdicts


async def release(settings: RunnerSettings) -> list[str]:
    """Let a held installation act again. Return the services that were held."""
    released: list[str] = []
    async with reached(settings, open_state(settings.state_dir)) as addresses:
        for service in SERVICES:
            connection = await asyncpg.connect(addresses.migrator_dsn(service))
            try:
                await connection.execute(f"SET ROLE {service}_owner; SET search_path = {service}")
                if await connection.fetchval("SELECT release_installation()"):
                    released.append(service)
            finally:
                await connection.close()
    return released

"""The checks of `ics doctor`: whether this machine has what the product needs, and how the running product is."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from deploy.runner.children import ask_health, figures_of
from deploy.runner.nats_server import installed_server, server_version
from deploy.runner.postgres import MAJOR, installed_binaries
from deploy.runner.postgres_user import find_postgres_user
from deploy.runner.refusals import CannotStart
from deploy.runner.settings import RunnerSettings
from deploy.runner.state import State, holder_of, open_state
from deploy.runner.up import is_free
from shared.messages import PROCESSES, SERVICES
from shared.registers.faults import FaultyRegister
from shared.registers.folders import find_registers

SMALLEST_DISK = 1_073_741_824
ANSWER_SECONDS = 5.0
NATS_PORT, SMTP_PORT = 4222, 25


@dataclass(frozen=True)
class Finding:
    """The result of one check: what was checked, and its fault if it has one."""

    what: str
    fault: str | None = None


Check = Callable[[RunnerSettings], Awaitable[Finding]]


async def examine(settings: RunnerSettings) -> list[Finding]:
    """
    Run every check in turn. A check that raises `CannotStart` gives a finding too.

    If the installation is running, ask each of its processes whether it is ready and has set events aside.
    """
    findings = [await _look(check, settings) for check in CHECKS]
    state = open_state(settings.state_dir)
    if holder_of(state):
        findings.append(await _set_aside(state))
        findings += await asyncio.gather(*(_process(name, state.run / name) for name in PROCESSES))
    return findings


async def _look(check: Check, settings: RunnerSettings) -> Finding:
    try:
        return await check(settings)
    except CannotStart as why:
        return Finding(check.__doc__ or "", str(why))


async def _system(_settings: RunnerSettings) -> Finding:
    """Operating system"""
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.platform != "linux":
        return Finding("Operating system", f"{sys.platform}: the one-machine runner needs Linux.")
    return Finding(f"Linux, Python {version}")


async def _programs(_settings: RunnerSettings) -> Finding:
    """Programs of the system"""
    needed = ("setpriv", "unshare") if os.geteuid() == 0 else ("setpriv",)
    missing = [name for name in needed if shutil.which(name) is None]
    if missing:
        return Finding("Programs of the system", f"{' and '.join(missing)} missing: install the package util-linux.")
    return Finding(" and ".join(needed))


async def _postgres(_settings: RunnerSettings) -> Finding:
    """PostgreSQL"""
    postgres = installed_binaries() / "postgres"
    try:
        said = subprocess.run((str(postgres), "--version"), capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return Finding("PostgreSQL", f"{postgres} does not run on this machine.")
    found = re.search(r"(\d+)\.\d+", said)
    if found is None or found[1] != MAJOR:
        return Finding("PostgreSQL", f"{postgres} is not PostgreSQL {MAJOR}.")
    return Finding(f"PostgreSQL {found[0]}")


async def _nats(_settings: RunnerSettings) -> Finding:
    """NATS"""
    major, minor = await server_version(installed_server())
    return Finding(f"NATS server {major}.{minor}")


async def _state(settings: RunnerSettings) -> Finding:
    """State folder"""
    state = open_state(settings.state_dir)
    free = shutil.disk_usage(state.folder).free
    if free < SMALLEST_DISK:
        return Finding("State folder", f"{state.folder}: only {free // 1_048_576} MB free; 1 GB is needed.")
    holder = holder_of(state)
    used = f", in use by process {holder}" if holder else ""
    return Finding(f"State folder {state.folder}{used}")


async def _user(settings: RunnerSettings) -> Finding:
    """User of Postgres"""
    user = await find_postgres_user(open_state(settings.state_dir).folder)
    by = "root" if os.geteuid() == 0 else "an ordinary user"
    return Finding(f"Started by {by}; Postgres runs {user.words}")


async def _port(settings: RunnerSettings) -> Finding:
    """Port of the pages"""
    if settings.port == 0 or is_free(settings.host, settings.port):
        return Finding(f"Port {settings.port} of {settings.host} is free")
    if holder_of(open_state(settings.state_dir)):
        return Finding(f"Port {settings.port} of {settings.host} is in use, as this installation is running")
    return Finding("Port of the pages", f"Port {settings.port} is taken by another program: set ICS_PORT.")


async def _process(name: str, socket: Path) -> Finding:
    """Ask a process of the running product at its health port."""
    answer = await ask_health(socket, "/ready", ANSWER_SECONDS)
    if answer is None:
        return Finding(name, "does not answer")
    if answer.well:
        remarks = answer.said.splitlines()[1:]
        return Finding(name, "; ".join(remarks)) if remarks else Finding(f"{name} is ready")
    return Finding(name, "; ".join(line.removeprefix("not ready: ") for line in answer.said.splitlines()))


async def _set_aside(state: State) -> Finding:
    """Ask the services of the running product whether events wait for an operator."""
    answers = await asyncio.gather(*(ask_health(state.run / name, "/metrics", ANSWER_SECONDS) for name in SERVICES))
    figures = [figures_of(each.said).get("ics_set_aside", []) if each is not None else [] for each in answers]
    count = sum(sum(each) for each in figures)
    if count:
        return Finding("Events that were set aside", f"{count:.0f}; `ics set-aside list` shows them.")
    silent = [name for name, each in zip(SERVICES, figures, strict=True) if not each]
    if silent:
        return Finding("Events that were set aside", f"not known for {', '.join(silent)}: no answer.")
    return Finding("No event is set aside")


async def _named_databases(settings: RunnerSettings) -> Finding:
    """Databases named by settings"""
    named = {url for service in SERVICES if (url := settings.own_database_url(service))}
    for url in named:
        try:
            connection = await asyncpg.connect(url, timeout=ANSWER_SECONDS)
        except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            return Finding("Databases named by settings", f"one does not let us in ({type(error).__name__}).")
        await connection.close()
    return Finding(f"Databases named by settings: {len(named)}")


async def _named_nats(settings: RunnerSettings) -> Finding:
    """NATS server named by ICS_NATS_URL"""
    if settings.nats_url is None:
        return Finding("No other NATS server is named")
    address = urlsplit(settings.nats_url)
    return await _reached("NATS server named by ICS_NATS_URL", address.hostname or "", address.port or NATS_PORT)


async def _mail(settings: RunnerSettings) -> Finding:
    """Mail server"""
    if settings.smtp_host is None:
        return Finding("No mail server is named")
    return await _reached("Mail server", settings.smtp_host, settings.smtp_port or SMTP_PORT)


async def _reached(what: str, host: str, port: int) -> Finding:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return Finding(what, f"{host}, port {port}, cannot be reached.")
    writer.close()
    return Finding(f"{what} can be reached")


async def _registers(settings: RunnerSettings) -> Finding:
    """Registers"""
    try:
        found = find_registers([settings.registers] if settings.registers else [])
    except FaultyRegister as faulty:
        return Finding("Registers", f"the folder {faulty.source} is not there: see ICS_REGISTERS.")
    if found.left_out:
        files = ", ".join(dict.fromkeys(each.source for each in found.left_out))
        return Finding("Registers", f"faulty files are left out: {files}. `ics register check` names their faults.")
    return Finding(f"Registers: {', '.join(found.codes)}")


CHECKS: tuple[Check, ...] = (
    _system,
    _programs,
    _postgres,
    _nats,
    _state,
    _user,
    _port,
    _named_databases,
    _named_nats,
    _mail,
    _registers,
)

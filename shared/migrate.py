"""Bring one service's schema up to date: each numbered SQL file once, and function files whenever they changed."""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

import asyncpg

from shared.release import RELEASE

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

LOCK_TIMEOUT = "500ms"
LOCKED = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
LOCK_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6)  # seconds before each retry, when a table was locked
FILE_NAME = re.compile(r"(?P<number>\d{4})_(?P<phase>pre|post)_[a-z0-9_]+\.sql")
SERVICE = "<service>"  # replaced by the service's name in the files that all services share
OLD_SHAPE = "spine/0001_pre_spine.sql"
MAKE_A_NEW_ONE = (
    "this database was made before the first release, and its shape cannot be brought up to this code. Make a new "
    "one: stop the product, remove the state folder (ICS_STATE_DIR) and run `ics up`; where ICS_DATABASE_URL names "
    "a database, drop that database and run `ics migrate`."
)

WAIT_FOR_OTHERS = "SELECT pg_advisory_lock(hashtextextended('ics migrate ' || $1, 0))"
BECOME_OWNER = """
    SELECT
        set_config('role', $1 || '_owner', true),
        set_config('search_path', $1, true),
        set_config('lock_timeout', $2, true)
"""
ALLOW_ANY_ORDER = "SET LOCAL check_function_bodies = off"
MAKE_LEDGER = """
    CREATE TABLE IF NOT EXISTS migration (
        name text PRIMARY KEY,
        sha256 text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE TABLE IF NOT EXISTS functions_file (
        name text PRIMARY KEY,
        sha256 text NOT NULL,
        release integer NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
"""
READ_LEDGER = "SELECT name, sha256 FROM migration"
READ_FUNCTIONS = "SELECT name, sha256, release FROM functions_file"
ENTER = "INSERT INTO migration (name, sha256) VALUES ($1, $2)"
ENTER_FUNCTIONS = """
    INSERT INTO functions_file (name, sha256, release) VALUES ($1, $2, $3)
    ON CONFLICT (name) DO UPDATE
    SET sha256 = excluded.sha256, release = excluded.release, applied_at = clock_timestamp()
"""


class Phase(StrEnum):
    """Which files to apply: those that work with the old code, those that need it gone, or all in order."""

    PRE = "pre"
    POST = "post"
    ALL = "all"


class MigrationRefused(Exception):
    """Says which file failed, and why. Never holds the text of a database error, which may contain row data."""


class LockedOut(MigrationRefused):
    """Another session held a lock that the file needed. The file can be retried."""


@dataclass(frozen=True)
class SqlFile:
    """One file. `name` is its key in the ledger, with the folder: `spine/0001_pre_baseline.sql`."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


@dataclass(frozen=True)
class Migration(SqlFile):
    """A numbered file, which is applied once."""

    number: int
    phase: Phase


@dataclass(frozen=True)
class SchemaLedger:
    """What was applied to a schema: checksums of the numbered files; checksums and releases of functions files."""

    numbered: Mapping[str, str]
    functions: Mapping[str, tuple[str, int]]


async def migrate(
    dsn: str, service: str, folders: Sequence[Path], phase: Phase, *, release: int = RELEASE
) -> list[str]:
    """
    Bring the service's schema up to the files in these folders, in the order given. Return the names applied.

    The functions files of all folders follow the numbered files, in one transaction. `dsn` is of a role that may become
    `<service>_owner`.

    Raises `MigrationRefused` when a file fails. Raises it before anything is applied when an applied file was edited or
    removed, or numbers have a gap or a duplicate. The same holds when a newer release applied the functions.
    """
    known = [read_folder(folder) for folder in folders]
    functions = [file for folder in folders for file in read_functions(folder)]
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(WAIT_FOR_OTHERS, service)
        ledger = await _read_ledger(connection, service)
        _check_ledger(service, ledger.numbered, known)
        _check_release(service, ledger, release)
        wanted = [each for files in known for each in pending(files, ledger.numbered, phase)]
        changed = [each for each in functions if ledger.functions.get(each.name, ("", 0))[0] != each.sha256]
        for migration in wanted:
            await _apply(connection, service, migration)
        if changed:
            await _apply_functions(connection, service, changed, release)
    finally:
        await connection.close()
    return [each.name for each in (*wanted, *changed)]


def read_folder(folder: Path) -> list[Migration]:
    """Return the folder's migrations by number, from 1 without a gap. A missing folder has none."""
    files = [_read(path) for path in sorted(folder.glob("*.sql"))]
    for expected, each in enumerate(files, start=1):
        if each.number != expected:
            raise MigrationRefused(
                f"{each.name}: number {expected:04} is expected here; numbers have no gap, none twice."
            )
    return files


def read_functions(folder: Path) -> list[SqlFile]:
    """Return the files under `functions/`, which are applied again whenever they changed."""
    found = sorted((folder / "functions").glob("*.sql"))
    return [SqlFile(f"{folder.name}/functions/{path.name}", path.read_text(encoding="utf-8")) for path in found]


def _read(path: Path) -> Migration:
    found = FILE_NAME.fullmatch(path.name)
    if found is None:
        raise MigrationRefused(f"{path.name}: a migration is named like 0007_pre_add_review_date.sql.")
    sql = path.read_text(encoding="utf-8")
    return Migration(f"{path.parent.name}/{path.name}", sql, int(found["number"]), Phase(found["phase"]))


def pending(files: Sequence[Migration], ledger: Mapping[str, str], phase: Phase) -> list[Migration]:
    """Return what this phase applies now. No file is applied before an earlier file of the other phase."""
    left = [each for each in files if each.name not in ledger]
    wanted = [each for each in left if phase in (Phase.ALL, each.phase)]
    for due, chosen in zip(left, wanted, strict=False):
        if due is not chosen:
            raise MigrationRefused(f"{chosen.name}: {due.name} comes first, which is of phase {due.phase}.")
    return wanted


async def _read_ledger(connection: Connection, service: str) -> SchemaLedger:
    async with connection.transaction():
        await connection.execute(BECOME_OWNER, service, LOCK_TIMEOUT)
        await connection.execute(MAKE_LEDGER)
        numbered = await connection.fetch(READ_LEDGER)
        functions = await connection.fetch(READ_FUNCTIONS)
    return SchemaLedger(
        {row["name"]: row["sha256"] for row in numbered},
        {row["name"]: (row["sha256"], row["release"]) for row in functions},
    )


def _check_ledger(service: str, ledger: Mapping[str, str], known: Sequence[Sequence[Migration]]) -> None:
    here = {each.name: each.sha256 for files in known for each in files}
    if OLD_SHAPE in ledger:
        raise MigrationRefused(f"{service}: {MAKE_A_NEW_ONE}")
    for name, sha256 in sorted(ledger.items()):
        if name not in here:
            raise MigrationRefused(f"{service}: {name} was applied, but is not among the files: is this older code?")
        if here[name] != sha256:
            raise MigrationRefused(f"{service}: {name} was edited after it was applied. Mend it by a new file.")


def _check_release(service: str, ledger: SchemaLedger, release: int) -> None:
    """Refuse to restore an older release's functions, which the processes of the newer release cannot use."""
    newest = max((applied for _, applied in ledger.functions.values()), default=0)
    if newest > release:
        raise MigrationRefused(
            f"{service}: release {newest} applied its functions, and this is release {release}: is this older code? "
            "Nothing was changed."
        )


async def _apply(connection: Connection, service: str, migration: Migration) -> None:
    async def once() -> None:
        async with connection.transaction():
            await connection.execute(BECOME_OWNER, service, LOCK_TIMEOUT)
            await _execute(connection, service, migration)
            await connection.execute(BECOME_OWNER, service, LOCK_TIMEOUT)
            await connection.execute(ENTER, migration.name, migration.sha256)

    await _retry_locks(once)


async def _apply_functions(connection: Connection, service: str, files: Sequence[SqlFile], release: int) -> None:
    async def once() -> None:
        async with connection.transaction():
            await connection.execute(ALLOW_ANY_ORDER)
            for file in files:
                await connection.execute(BECOME_OWNER, service, LOCK_TIMEOUT)
                await _execute(connection, service, file)
                await connection.execute(ENTER_FUNCTIONS, file.name, file.sha256, release)

    await _retry_locks(once)


async def _retry_locks(step: Callable[[], Awaitable[None]]) -> None:
    """Run a transaction, and retry it after a pause while others hold its locks. Raise the last failure."""
    for pause in LOCK_PAUSES:
        try:
            return await step()
        except LockedOut:
            await asyncio.sleep(pause)
    return await step()


async def _execute(connection: Connection, service: str, file: SqlFile) -> None:
    sql = file.sql.replace(SERVICE, service)
    try:
        await connection.execute(sql)
    except asyncpg.PostgresError as error:
        said = f"{service}: {file.name}: {_place(error, sql)}"
        raise (LockedOut if isinstance(error, LOCKED) else MigrationRefused)(said) from None
    if not connection.is_in_transaction():
        raise MigrationRefused(f"{service}: {file.name} ends its transaction, which is not for it to end.")


def _place(error: asyncpg.PostgresError, sql: str) -> str:
    """Return the error's class and line, with its message only for class 42, which repeats names from the file."""
    said = error.as_dict()
    position, code = str(said.get("position") or ""), error.sqlstate or ""
    line = f" at line {sql[: int(position)].count(chr(10)) + 1}" if position else ""
    words = f": {said.get('message')}" if code.startswith("42") else ""
    return f"{type(error).__name__} ({code}){line}{words}"

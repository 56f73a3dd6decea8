"""The migrations of one service's schema: numbered SQL files, each applied once, in one transaction, by the owner."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

LOCK_TIMEOUT = "4s"
FILE_NAME = re.compile(r"(?P<number>\d{4})_(?P<phase>pre|post)_[a-z0-9_]+\.sql")

WAIT_FOR_OTHERS = "SELECT pg_advisory_lock(hashtextextended('ics migrate ' || $1, 0))"
BECOME_OWNER = """
    SELECT
        set_config('role', $1 || '_owner', true),
        set_config('search_path', $1, true),
        set_config('lock_timeout', $2, true)
"""
MAKE_LEDGER = """
    CREATE TABLE IF NOT EXISTS migration (
        name text PRIMARY KEY,
        sha256 text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
"""
READ_LEDGER = "SELECT name, sha256 FROM migration"
ENTER = "INSERT INTO migration (name, sha256) VALUES ($1, $2)"


class Phase(StrEnum):
    """Which files are applied: those that the old code can live with, those that need it gone, or all in order."""

    PRE = "pre"
    POST = "post"
    ALL = "all"


class MigrationRefused(Exception):
    """Says which file, and why. Never the text of a database error, which may hold what a row holds."""


@dataclass(frozen=True)
class Migration:
    """One file. `name` holds the folder's name too, by which it stands in the ledger: `spine/0001_pre_spine.sql`."""

    name: str
    number: int
    phase: Phase
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


async def migrate(dsn: str, service: str, folders: Sequence[Path], phase: Phase) -> list[str]:
    """
    Bring the service's schema up to the files in these folders, in the order given; the names that were applied.

    `dsn` is of a role that may become `<service>_owner`. Raises `MigrationRefused` before anything is applied when a
    file that was applied has been edited or taken away, or when numbers have a gap or stand twice.
    """
    known = [read_folder(folder) for folder in folders]
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(WAIT_FOR_OTHERS, service)
        ledger = await _read_ledger(connection, service)
        _check_ledger(service, ledger, known)
        wanted = [each for files in known for each in pending(files, ledger, phase)]
        for migration in wanted:
            await _apply(connection, service, migration)
    finally:
        await connection.close()
    return [each.name for each in wanted]


def read_folder(folder: Path) -> list[Migration]:
    """The folder's migrations by number, which run from 1 without a gap; a folder that is not there has none."""
    files = [_read(path) for path in sorted(folder.glob("*.sql"))]
    for expected, each in enumerate(files, start=1):
        if each.number != expected:
            raise MigrationRefused(
                f"{each.name}: number {expected:04} is expected here; numbers have no gap, none twice."
            )
    return files


def _read(path: Path) -> Migration:
    found = FILE_NAME.fullmatch(path.name)
    if found is None:
        raise MigrationRefused(f"{path.name}: a migration is named like 0007_pre_add_review_date.sql.")
    sql = path.read_text(encoding="utf-8")
    return Migration(f"{path.parent.name}/{path.name}", int(found["number"]), Phase(found["phase"]), sql)


def pending(files: Sequence[Migration], ledger: dict[str, str], phase: Phase) -> list[Migration]:
    """What this phase applies now. Files keep their order: one of the phase behind one of the other is refused."""
    left = [each for each in files if each.name not in ledger]
    wanted = [each for each in left if phase in (Phase.ALL, each.phase)]
    for due, chosen in zip(left, wanted, strict=False):
        if due is not chosen:
            raise MigrationRefused(f"{chosen.name}: {due.name} comes first, which is of phase {due.phase}.")
    return wanted


async def _read_ledger(connection: Connection, service: str) -> dict[str, str]:
    async with connection.transaction():
        await connection.execute(BECOME_OWNER, service, LOCK_TIMEOUT)
        await connection.execute(MAKE_LEDGER)
        return {row["name"]: row["sha256"] for row in await connection.fetch(READ_LEDGER)}


def _check_ledger(service: str, ledger: dict[str, str], known: Sequence[Sequence[Migration]]) -> None:
    here = {each.name: each.sha256 for files in known for each in files}
    for name, sha256 in sorted(ledger.items()):
        if name not in here:
            raise MigrationRefused(f"{service}: {name} was applied, but is not among the files: is this older code?")
        if here[name] != sha256:
            raise MigrationRefused(f"{service}: {name} was edited after it was applied. Mend it by a new file.")


async def _apply(connection: Connection, service: str, migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(BECOME_OWNER, service, LOCK_TIMEOUT)
            await connection.execute(migration.sql)
            if not connection.is_in_transaction():
                raise MigrationRefused(f"{service}: {migration.name} ends its transaction, which is not for it to end.")
            await connection.execute(BECOME_OWNER, service, LOCK_TIMEOUT)
            await connection.execute(ENTER, migration.name, migration.sha256)
    except asyncpg.PostgresError as error:
        raise MigrationRefused(f"{service}: {migration.name}: {_place(error, migration)}") from None


def _place(error: asyncpg.PostgresError, migration: Migration) -> str:
    """The error's class and line; its words too where they can only name what the file itself names (class 42)."""
    said = error.as_dict()
    position, code = str(said.get("position") or ""), error.sqlstate or ""
    line = f" at line {migration.sql[: int(position)].count(chr(10)) + 1}" if position else ""
    words = f": {said.get('message')}" if code.startswith("42") else ""
    return f"{type(error).__name__} ({code}){line}{words}"

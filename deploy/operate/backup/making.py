"""`ics backup`: one encrypted file with the databases as of one moment, and what the state folder holds besides."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from deploy.operate.actions import reached
from deploy.operate.backup import programs
from deploy.operate.backup.archive import CHUNK, ArchiveWriter
from deploy.operate.backup.manifest import DatabaseDump, Manifest
from deploy.operate.backup.secret import read_secret
from deploy.operate.backup.snapshot import Snapshot, count_rows, snapshot_of
from deploy.runner.database import DatabaseServer
from deploy.runner.refusals import CannotStart
from deploy.runner.settings import RunnerSettings
from deploy.runner.state import State, open_state, state_in
from shared.clock import utc_now
from shared.messages import SERVICES
from shared.release import RELEASE
from shared.version import VERSION

NAME = "ics-backup-{at:%Y%m%dT%H%M%SZ}"


@dataclass(frozen=True)
class Backup:
    """A backup that was made: its file, its size in bytes, and the number of rows in it."""

    file: Path
    size: int
    rows: int


async def back_up(settings: RunnerSettings, place: Path) -> Backup:
    """
    Write a backup to a new file, or to a file named by the time in a folder. The product may run meanwhile.

    Raise `CannotStart` if the file exists, there is no room, or the installation or its database cannot be reached.
    """
    secret, at = read_secret(settings), utc_now()
    file = _target(place, at)
    state = _opened(settings)
    # Read before the database, so that each head kept outside is of a seal in the backup.
    kept = {each.name: each.read_bytes() for each in state.kept_in_backups if each.exists()}
    async with reached(settings, state, prepared=False) as addresses, AsyncExitStack() as held:
        moments = {
            server: await held.enter_async_context(snapshot_of(server, services))
            for server, services in grouped(addresses.databases).items()
        }
        check_room(file.parent, sum(each.size for each in moments.values()))  # as if they were not compressed
        with _new_file(file) as stream:
            rows = await _write(ArchiveWriter(stream, secret), moments, kept, at)
    return Backup(file, file.stat().st_size, rows)


def grouped(databases: Mapping[str, DatabaseServer]) -> dict[DatabaseServer, list[str]]:
    """Return the services of each database."""
    found: dict[DatabaseServer, list[str]] = {}
    for service in SERVICES:
        if service in databases:
            found.setdefault(databases[service], []).append(service)
    return found


def _target(place: Path, at: datetime) -> Path:
    file = place / NAME.format(at=at) if place.is_dir() else place
    if file.exists():
        raise CannotStart(f"{file} exists already: a backup is never overwritten.")
    if not file.parent.is_dir():
        raise CannotStart(f"There is no folder {file.parent}: make it first.")
    return file


def _opened(settings: RunnerSettings) -> State:
    if not state_in(settings.state_dir).keyring_file.exists():
        raise CannotStart(f"There is no installation in {settings.state_dir}: set ICS_STATE_DIR.")
    return open_state(settings.state_dir)


@contextmanager
def _new_file(file: Path) -> Iterator[BinaryIO]:
    """Write to another name, and rename once everything is on the disk. On failure nothing stays."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.unfinished")
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:  # noqa: PTH123
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.link(unfinished, file)  # unlike a rename, this never replaces a file
    except OSError as error:
        raise CannotStart(f"The backup {file} cannot be written: {error.strerror}.") from None
    finally:
        unfinished.unlink(missing_ok=True)


async def _write(
    writer: ArchiveWriter, moments: Mapping[DatabaseServer, Snapshot], kept: Mapping[str, bytes], at: datetime
) -> int:
    """Write all parts and the manifest. Return the number of rows."""
    dumps, rows, migrations = list[DatabaseDump](), dict[str, int](), dict[str, list[str]]()
    for name, content in kept.items():
        _add(writer, name, content)
    for number, (server, moment) in enumerate(moments.items(), start=1):
        rows |= await count_rows(moment.connection, moment.services)
        migrations |= await moment.migrations()
        dumps.append(DatabaseDump(part=f"database-{number}", services=list(moment.services), size=moment.size))
        writer.begin(dumps[-1].part)
        await programs.dump(server, moment.services, moment.id, writer.add, bypasses=moment.bypasses)
    manifest = Manifest(
        version=VERSION,
        release=RELEASE,
        made_at=at,
        databases=dumps,
        migrations=migrations,
        rows=rows,
        parts=writer.digests(),
    )
    writer.finish(manifest.model_dump_json().encode())
    return sum(rows.values())


def _add(writer: ArchiveWriter, name: str, content: bytes) -> None:
    writer.begin(name)
    for start in range(0, len(content), CHUNK):
        writer.add(content[start : start + CHUNK])


def check_room(folder: Path, needed: int) -> None:
    """Raise `CannotStart` if the folder's disk has fewer free bytes."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise CannotStart(f"{folder} has {free // 1_048_576} MB free; {needed // 1_048_576} MB are needed.")

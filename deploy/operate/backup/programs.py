"""pg_dump and pg_restore, found next to the runner's own PostgreSQL, with their data in pipes."""

import asyncio
import os
import re
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from deploy.operate.backup.archive import CHUNK
from deploy.runner.database import DatabaseServer
from deploy.runner.postgres import installed_binaries
from deploy.runner.refusals import CannotStart

Stream = TypeVar("Stream", asyncio.StreamReader, asyncio.StreamWriter)

LOCK_WAIT = "60s"
PLACE = re.compile(rb"from TOC entry \d+; \d+ \d+ ([A-Z ]+ \S+ \S+)")


def connection_of(server: DatabaseServer) -> tuple[str, dict[str, str]]:
    """Return the address without its password, which others could see in the list of processes, and the environment."""
    url = urlsplit(server.admin_dsn)
    options = dict(parse_qsl(url.query))
    password = options.pop("password", None) or (unquote(url.password) if url.password else "")
    user, host = url.username, url.netloc.rpartition("@")[2]
    netloc = f"{quote(unquote(user), safe='')}@{host}" if user else host
    kept = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
    if home := os.environ.get("HOME"):
        kept["HOME"] = home  # a certificate of libpq may be there
    query = urlencode(options, quote_via=quote)  # libpq takes a plus for a plus
    return url._replace(netloc=netloc, query=query).geturl(), {**kept, "PGPASSWORD": password}


async def dump(
    server: DatabaseServer, services: Sequence[str], snapshot: str, take: Callable[[bytes], None], *, bypasses: bool
) -> None:
    """
    Pass the dump of the services' schemas, as of a snapshot, to `take` in pieces. Raise `CannotStart` if it fails.

    An administrator who does not bypass row-level security sees all rows as a member of the owners.
    """
    options = (
        "--format=custom",
        f"--snapshot={snapshot}",
        f"--lock-wait-timeout={LOCK_WAIT}",
        *(() if bypasses else ("--enable-row-security",)),
    )
    async with _running("pg_dump", server, services, options) as program:
        output, said = _pipe(program.stdout), asyncio.create_task(_pipe(program.stderr).read())
        while data := await output.read(CHUNK):
            take(data)
        if await program.wait() != 0:
            lines = (await said).decode(errors="replace").strip().splitlines()
            raise CannotStart(f"pg_dump failed: {lines[-1] if lines else 'it says nothing'}")


async def load(server: DatabaseServer, services: Sequence[str], dumped: Iterable[bytes]) -> None:
    """
    Load a dump into empty schemas, whole or not at all. Raise `CannotStart` with the place where it failed.

    The messages of pg_restore may hold what a row holds, so only the name of the object is passed on.
    """
    async with _running("pg_restore", server, services, ("--single-transaction",)) as program:
        entry, said = _pipe(program.stdin), asyncio.create_task(_pipe(program.stderr).read())
        with suppress(BrokenPipeError, ConnectionResetError):  # it has ended, and says why
            for data in dumped:
                entry.write(data)
                await entry.drain()
        entry.close()
        if await program.wait() != 0:
            place = PLACE.search(await said)
            raise CannotStart(f"pg_restore failed{f' at {place[1].decode()}' if place else ''}. Nothing was restored.")


@asynccontextmanager
async def _running(
    name: str, server: DatabaseServer, services: Sequence[str], options: Sequence[str]
) -> AsyncIterator[Process]:
    """Run a program on the services' schemas, with all its streams as pipes. It does not outlive the block."""
    address, environment = connection_of(server)
    program = await asyncio.create_subprocess_exec(
        str(installed_binaries() / name),
        *options,
        "--no-password",
        *(f"--schema={each}" for each in services),
        f"--dbname={address}",
        env=environment,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield program
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()


def _pipe(stream: Stream | None) -> Stream:
    if stream is None:
        raise RuntimeError("every stream of this program is a pipe")
    return stream

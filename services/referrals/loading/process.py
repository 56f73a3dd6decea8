"""Reads a file in a process of its own, whose memory and time are limited: a file may be made to cost both."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import ValidationError

from services.referrals.loading.parts import LENGTH_BYTES, ReadingOrder, TablePart
from services.referrals.loading.table import FileTable, Limits, UnreadableFile

MOST_SECONDS = 60.0
COMMAND = (sys.executable, "-m", "services.referrals.loading")
_LONGEST_PART = 64_000_000


async def read_in_process(
    content: bytes, file_name: str, limits: Limits, sheet: str = "", most_seconds: float = MOST_SECONDS
) -> FileTable:
    """
    Return the table in a file. Raise `UnreadableFile`, also if the process runs out of memory or time.

    The process has an empty environment, and answers with texts alone.
    """
    order = ReadingOrder(file_name=file_name, sheet=sheet, limits=limits)
    try:
        async with asyncio.timeout(most_seconds), _reading_process() as process:
            await _send(process, order.model_dump_json().encode() + b"\n", content)
            return await _receive(process)
    except (TimeoutError, asyncio.IncompleteReadError, BrokenPipeError, ConnectionResetError):
        raise UnreadableFile("too_much_work") from None
    except ValidationError:
        raise UnreadableFile("not_a_table") from None


@asynccontextmanager
async def _reading_process() -> AsyncIterator[Process]:
    """Start a process that knows only what it is sent, and whose errors are not logged. It ends with the block."""
    process = await asyncio.create_subprocess_exec(*COMMAND, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={})
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _send(process: Process, *pieces: bytes) -> None:
    if process.stdin is None:
        raise BrokenPipeError
    for piece in pieces:
        process.stdin.write(piece)
        await process.stdin.drain()
    process.stdin.close()


async def _receive(process: Process) -> FileTable:
    first = await _part(process)
    if first.fault is not None or first.reading is None:
        raise UnreadableFile(first.fault or "not_a_table")
    rows = list[tuple[str, ...]]()
    while not (part := await _part(process)).end:
        rows += part.rows
    return FileTable(first.reading, first.headings, rows)


async def _part(process: Process) -> TablePart:
    """Return the next part of the answer. Raise `IncompleteReadError` if the process has ended without it."""
    if process.stdout is None:
        raise BrokenPipeError
    length = int.from_bytes(await process.stdout.readexactly(LENGTH_BYTES), "big")
    if length > _LONGEST_PART:
        raise UnreadableFile("too_much_work")
    return TablePart.model_validate_json(await process.stdout.readexactly(length))

"""Runs the process that writes a workbook: it receives rows and returns a file."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.reports.workbook.plan import END
from shared.contracts.reports import CHUNK_BYTES


class NotMade(Exception):
    """The process ended without a whole workbook."""


class WorkbookProcess:
    """A process that writes one workbook."""

    def __init__(self, process: Process) -> None:
        self.process = process

    async def send(self, lines: bytes) -> None:
        """Send lines, and wait while the process is busy. Raises `NotMade` if it has ended."""
        if self.process.stdin is None:
            raise NotMade
        try:
            self.process.stdin.write(lines)
            await self.process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            raise NotMade from None

    async def file(self) -> AsyncIterator[bytes]:
        """Send the end of the rows, and yield the file in chunks. Raises `NotMade` unless it is whole."""
        await self.send(END)
        if self.process.stdin is None or self.process.stdout is None:
            raise NotMade
        self.process.stdin.close()
        while chunk := await _read_chunk(self.process.stdout):
            yield chunk
        if await self.process.wait() != 0:
            raise NotMade


async def _read_chunk(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readexactly(CHUNK_BYTES)
    except asyncio.IncompleteReadError as the_end:
        return the_end.partial


@asynccontextmanager
async def workbook_process(folder: Path) -> AsyncIterator[WorkbookProcess]:
    """Start a process with an empty environment: it knows only what it is sent. It ends with the block."""
    command = (sys.executable, "-m", "services.reports.workbook", str(folder))
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, env={})
    try:
        yield WorkbookProcess(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()

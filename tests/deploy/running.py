"""A runner with stand-in children as a separate program, and a search for every process that belongs to it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 60
COMMAND = (sys.executable, "-m", "tests.deploy.stand_in_runner")


@dataclass
class Running:
    """A runner that was started, and the lines that it has printed."""

    folder: Path
    runner: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)

    async def says(self, words: str) -> str:
        """Wait for a line that holds these words, and return it."""
        async with asyncio.timeout(START_SECONDS):
            while True:
                if found := [line for line in self.lines if words in line]:
                    return found[-1]
                line = await self._next_line()
                assert line, f"ended without saying {words}: {self.lines}"

    async def _next_line(self) -> str:
        assert self.runner.stdout is not None
        line = (await self.runner.stdout.readline()).decode()
        self.lines.append(line.rstrip("\n"))
        return line

    async def ended(self) -> int:
        """Wait until the runner ends, read the rest of its output, and return its exit code."""
        async with asyncio.timeout(START_SECONDS):
            while await self._next_line():
                pass
            return await self.runner.wait()

    def send(self, number: signal.Signals) -> None:
        self.runner.send_signal(number)

    def pids(self, *words: str) -> list[int]:
        """Return the ids of its processes whose command line holds all these words."""
        return [pid for pid in belonging_to(self.folder) if all(word in _read(pid, "cmdline") for word in words)]

    def pid_of(self, child: str) -> int:
        """Return the id of the child's process that runs now or ran last."""
        return int((self.folder / "run" / f"{child}.pid").read_text(encoding="ascii"))

    async def another(self, child: str, before: int) -> int:
        """Wait until a new process has replaced the one with the id `before`, and return its id."""
        async with asyncio.timeout(START_SECONDS):
            while self.pid_of(child) == before:  # noqa: ASYNC110 - another program writes it
                await asyncio.sleep(0.02)
        return self.pid_of(child)

    def environment_of(self, child: str) -> dict[str, str]:
        """Return the environment that the child was given. The child writes it to a file."""
        return dict(json.loads((self.folder / "run" / f"{child}.told").read_text()))

    async def all_gone(self) -> None:
        async with asyncio.timeout(START_SECONDS):
            while belonging_to(self.folder):  # noqa: ASYNC110 - the end of other programs
                await asyncio.sleep(0.02)


def belonging_to(folder: Path) -> list[int]:
    """Return the ids of all processes whose command line or environment names this folder."""
    pids = [int(place.name) for place in Path("/proc").iterdir() if place.name.isdigit()]
    return [pid for pid in pids if str(folder) in _read(pid, "cmdline") + _read(pid, "environ") and pid != os.getpid()]


def _read(pid: int, what: str) -> str:
    try:
        return Path(f"/proc/{pid}/{what}").read_text(errors="replace")
    except OSError:
        return ""


@asynccontextmanager
async def running(folder: Path, *options: str, **settings: str) -> AsyncIterator[Running]:
    """Start a runner for the block. Afterwards kill every process of the folder, unless one was there before."""
    first = not belonging_to(folder)
    environment = {**os.environ, "ICS_STATE_DIR": str(folder), "ICS_PORT": "0", **settings}
    runner = await asyncio.create_subprocess_exec(
        *COMMAND,
        *options,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    started = Running(folder, runner)
    try:
        yield started
    finally:
        for pid in belonging_to(folder) if first else []:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await started.ended()

"""A program that runs as a child. It ends with the runner, its output is passed on, and its whole group is ended."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deploy.runner.console import Console
from deploy.runner.prefork.forking import PreforkServer
from deploy.runner.refusals import CannotStart

GUARDIAN = Path(__file__).parent / "prefork" / "guardian.py"
LONGEST_LINE = 1_048_576
LARGEST_LOG = 10_485_760
LEFTOVER_GRACE_SECONDS = 3.0  # the time that each child of a killed runner has to end
LAST_SECONDS = 5.0


@dataclass(frozen=True)
class ChildProgram:
    """
    A program, and how to stop it.

    It is either a command, or a Python module that the prefork server forks. Its output goes to `log_file`, or else to
    the console.
    """

    name: str
    environment: Mapping[str, str]
    command: tuple[str, ...] = ()
    module: str = ""
    log_file: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    hurry_signal: signal.Signals = signal.SIGKILL
    grace_seconds: float = 10.0
    leftover_grace_seconds: float = LEFTOVER_GRACE_SECONDS


def dies_with_parent(*command: str, by: str = "TERM") -> tuple[str, ...]:
    """Return the command, set up so that the kernel sends it a signal when the thread that spawned it ends."""
    return ("setpriv", "--pdeathsig", by, "--", *command)


class Guardian:
    """The runner's connection to `guardian.py`, which ends all watched children if the runner is killed."""

    def __init__(self, lock: int) -> None:
        self._lock = lock
        self._watched: dict[int, str] = {}
        self._running: subprocess.Popen[str] | None = None

    def watch(self, group: int, program: ChildProgram) -> None:
        line = f"watch {group} {int(program.stop_signal)} {program.leftover_grace_seconds}\n"
        self._watched[group] = line
        self._tell(line)

    def forget(self, group: int) -> None:
        self._watched.pop(group, None)
        self._tell(f"forget {group}\n")

    def close(self) -> None:
        """Close the connection and wait for the guardian to end. Call this when no child is left."""
        if self._running is not None:
            self._running.communicate()
            self._running = None

    def _tell(self, line: str) -> None:
        """Send a line to the guardian. If it does not run, start one and send it all watched children."""
        if self._running is None or not _write(self._running, line):
            self.close()
            self._running = self._spawn()
            _write(self._running, "".join(self._watched.values()))

    def _spawn(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            (sys.executable, "-I", "-S", str(GUARDIAN)),
            stdin=subprocess.PIPE,
            pass_fds=(self._lock,),
            start_new_session=True,
            text=True,
        )


def _write(guardian: "subprocess.Popen[str]", lines: str) -> bool:
    if guardian.stdin is None:
        return False
    try:
        guardian.stdin.write(lines)
        guardian.stdin.flush()
    except BrokenPipeError:
        return False
    return True


class Spawned(Protocol):
    """A process that we spawned, or that the prefork server forked for us."""

    @property
    def pid(self) -> int: ...

    async def wait(self) -> int: ...


class Child:
    """A spawned program. `lines`: the task that passes its output to the console, if it has no log file."""

    def __init__(
        self,
        program: ChildProgram,
        running: Spawned,
        lines: "asyncio.Task[None] | None",
        guardian: Guardian | None,
    ) -> None:
        self.program = program
        self.pid = running.pid
        self._running = running
        self._lines = lines
        self._guardian = guardian
        self._end = asyncio.create_task(self._until_the_end())
        if guardian is not None:
            guardian.watch(running.pid, program)

    async def _until_the_end(self) -> int:
        code = await self._running.wait()
        self._kill_group()  # ends what is left of its own children
        if self._lines is not None:
            await self._lines
        if self._guardian is not None:
            self._guardian.forget(self.pid)
        return code

    @property
    def has_ended(self) -> bool:
        return self._end.done()

    async def ended(self) -> int:
        """Wait until the whole group has ended, and return the exit code."""
        return await asyncio.shield(self._end)

    async def stop(self, hurry: asyncio.Event) -> None:
        """Ask the program to stop. After its grace period, or once `hurry` is set, force it to stop."""
        if self.has_ended:
            return
        self._send(self.program.stop_signal)
        if await self._ends_within(self.program.grace_seconds, hurry):
            return
        self._send(self.program.hurry_signal)
        if not await self._ends_within(LAST_SECONDS, asyncio.Event()):
            self._kill_group()
            await self.ended()

    async def _ends_within(self, seconds: float, hurry: asyncio.Event) -> bool:
        haste = asyncio.create_task(hurry.wait())
        await asyncio.wait({self._end, haste}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        haste.cancel()
        return self._end.done()

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


async def spawn(
    program: ChildProgram, console: Console, guardian: Guardian | None = None, prefork: PreforkServer | None = None
) -> Child:
    """
    Start a program in its own session, so that Ctrl-C in the terminal reaches only the runner.

    Call this on the main thread: the kernel signals a child when the thread that spawned it ends.
    """
    lines, output = _log(program.log_file) if program.log_file is not None else await _console(program.name, console)
    try:
        if prefork is not None and program.module:
            running: Spawned = await prefork.fork(program.module, program.environment, output)
        else:
            running = await _execute(program, output)
    finally:
        os.close(output)  # the child has its own copy; ours would keep the pipe open after the child's end
    return Child(program, running, lines, guardian)


async def _execute(program: ChildProgram, output: int) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *program.command,
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    except OSError:
        raise CannotStart(f"{program.command[0]} cannot be run: `ics doctor` says what is missing.") from None


def _log(file: Path) -> tuple[None, int]:
    if file.exists() and file.stat().st_size > LARGEST_LOG:
        file.replace(file.with_suffix(".old"))
    return None, os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


async def _console(name: str, console: Console) -> "tuple[asyncio.Task[None], int]":
    read_end, write_end = os.pipe()
    reader = asyncio.StreamReader()
    pipe = os.fdopen(read_end, "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return asyncio.create_task(_pass_on(name, reader, console)), write_end


async def _pass_on(name: str, reader: asyncio.StreamReader, console: Console) -> None:
    rest = b""
    while chunk := await reader.read(65_536):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > LONGEST_LINE:
            lines, rest = [*lines, rest], b""
        for line in lines:
            console.line(name, line.decode(errors="replace"))
    if rest:
        console.line(name, rest.decode(errors="replace"))


def last_lines(file: Path, count: int = 5) -> str:
    """Return the last lines of a log, to show why its program did not start."""
    try:
        lines = file.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return "\n".join(f"    {line}" for line in lines[-count:])

"""The runner's side of the prefork server: request a process, and learn when it ends."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from deploy.runner.refusals import CannotStart


@dataclass(frozen=True)
class Forked:
    """A process that the prefork server has forked. `wait` works as for a process of our own."""

    pid: int
    end: "asyncio.Future[int]"

    async def wait(self) -> int:
        return await asyncio.shield(self.end)


class PreforkServer:
    """A prefork server that starts at the first request at the latest. A killed server is replaced by a new one."""

    def __init__(self, environment: Mapping[str, str], modules: Sequence[str] = ()) -> None:
        """Set the modules that the server imports first. The default is what the product's processes share."""
        self._environment = environment
        self._modules = modules
        self._starting = asyncio.Lock()
        self._running: asyncio.subprocess.Process | None = None
        self._requests: socket.socket | None = None
        self._reports: asyncio.Task[None] | None = None
        self._waiting: deque[asyncio.Future[Forked]] = deque()
        self._living: dict[int, Forked] = {}

    async def start(self) -> None:
        """
        Start the server, which begins to import.

        Call this on the main thread: the server and all that it forked end when that thread ends.
        """
        async with self._starting:
            if self._requests is not None:
                return
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                running = await _spawn(theirs.fileno(), self._environment, self._modules)
            self._requests, self._running = ours, running
            self._reports = asyncio.create_task(self._hear(running))

    async def fork(self, module: str, environment: Mapping[str, str], output: int) -> Forked:
        """Fork a process that runs `python -m <module>` in this environment and writes to this descriptor."""
        await self.start()
        waiter: asyncio.Future[Forked] = asyncio.get_running_loop().create_future()
        given = os.memfd_create("environment")
        try:
            os.write(given, json.dumps(dict(environment)).encode())
            os.lseek(given, 0, os.SEEK_SET)
            if self._requests is None:
                raise CannotStart("The prefork server has ended.")
            socket.send_fds(self._requests, [module.encode()], [output, given])
            self._waiting.append(waiter)
        except OSError:
            raise CannotStart("The prefork server has ended.") from None
        finally:
            os.close(given)
        return await waiter

    async def _hear(self, running: asyncio.subprocess.Process) -> None:
        """Read reports until the server ends, then kill all that it forked. The kernel signals them too."""
        if running.stdout is not None:
            async for line in running.stdout:
                self._take(line.decode().split())
        await running.wait()
        if self._requests is not None:
            self._requests.close()
            self._requests = None
        for pid, forked in self._living.items():
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            forked.end.set_result(-signal.SIGKILL)
        self._living.clear()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(CannotStart("The prefork server has ended."))
        self._waiting.clear()

    def _take(self, report: list[str]) -> None:
        word, pid = report[0], int(report[1])
        if word == "ended":
            self._living.pop(pid).end.set_result(int(report[2]))
            return
        forked = self._living[pid] = Forked(pid, asyncio.get_running_loop().create_future())
        waiter = self._waiting.popleft()
        if not waiter.done():  # the caller may have been cancelled since
            waiter.set_result(forked)

    async def close(self) -> None:
        """End the server and all processes that it forked."""
        if self._running is not None and self._running.returncode is None:
            self._running.terminate()
        if self._reports is not None:
            await self._reports


async def _spawn(requests: int, environment: Mapping[str, str], modules: Sequence[str]) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *(
                "setpriv",
                "--pdeathsig",
                "TERM",
                "--",
                sys.executable,
                "-u",
                "-m",
                "deploy.runner.prefork.server",
                *modules,
            ),
            env=dict(environment),
            stdin=requests,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError:
        raise CannotStart("setpriv cannot be run: `ics doctor` says what is missing.") from None

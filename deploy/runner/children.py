"""The product's processes as children of the runner: how each is spawned and when it is ready."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from deploy.runner.child import Child, ChildProgram, Guardian, spawn
from deploy.runner.console import Console
from deploy.runner.prefork.forking import PreforkServer
from deploy.runner.refusals import CannotStart
from deploy.runner.waiting import until
from deploy.runner.whole_files import write_whole

READY_SECONDS = 60.0
STOP_SECONDS = 30.0  # a service may take 25 seconds to finish the requests in progress


@dataclass(frozen=True)
class PortFile:
    """The file in which a child writes its port: any free one at its first start, and the same at each later start."""

    file: Path
    wanted: int

    def port(self) -> int:
        try:
            return int(self.file.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return self.wanted

    async def is_written(self) -> bool:
        return self.file.exists()


@dataclass(frozen=True)
class SpawnContext:
    """The tools that every child is spawned with. `pids`: the folder that holds the process ids."""

    pids: Path
    console: Console
    guardian: Guardian
    prefork: PreforkServer


class ProductChild:
    """A `SupervisedPart` of the runner. `program` is called at each start."""

    def __init__(
        self,
        name: str,
        program: Callable[[], ChildProgram],
        is_ready: Callable[[], Awaitable[bool]],
        spawning: SpawnContext,
    ) -> None:
        self.name = name
        self._program = program
        self._is_ready = is_ready
        self._spawning = spawning
        self._child: Child | None = None

    @property
    def pid(self) -> int | None:
        """The id of the running process, or None while there is none."""
        return self._child.pid if self._child is not None and not self._child.has_ended else None

    async def start(self) -> None:
        self._child = await spawn(
            self._program(), self._spawning.console, self._spawning.guardian, self._spawning.prefork
        )
        write_whole(self._spawning.pids / f"{self.name}.pid", str(self._child.pid))

    async def ready(self) -> None:
        async def is_settled() -> bool:
            return self._child is None or self._child.has_ended or await self._is_ready()

        if not await until(is_settled, READY_SECONDS, every=0.02):
            raise CannotStart(f"{self.name} is not ready after {READY_SECONDS:.0f} s.")
        if self._child is None or self._child.has_ended:
            raise CannotStart(f"{self.name} ended at its start: its own lines above say why.")

    async def ended(self) -> int:
        return await self._child.ended() if self._child is not None else 0

    async def stop(self, hurry: asyncio.Event) -> None:
        if self._child is not None:
            await self._child.stop(hurry)


def product_module(process: str) -> str:
    """Return the module to run for a process. In a container, `python -m` runs the same one."""
    return "gateway" if process == "gateway" else f"services.{process}"


def says_ready(socket: Path) -> Callable[[], Awaitable[bool]]:
    """Return a check that asks `GET /ready` on a Unix socket. While the socket does not exist, the answer is no."""
    return _says_well(socket, "/ready")


def says_started(socket: Path) -> Callable[[], Awaitable[bool]]:
    """Return a check that asks `GET /started`, which work that was left undone does not keep from being well."""
    return _says_well(socket, "/started")


def _says_well(socket: Path, path: str) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        answer = await ask_health(socket, path, seconds=2.0)
        return answer is not None and answer.well

    return ask


@dataclass(frozen=True)
class HealthAnswer:
    """What a process answers at its health port. `said`: why it is not ready, one reason a line, or its figures."""

    well: bool
    said: str


async def ask_health(socket: Path, path: str, seconds: float) -> HealthAnswer | None:
    """Ask `GET path` on a Unix socket. Return None if nobody answers in time."""
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_unix_connection(socket)
            with closing(writer):
                writer.write(f"GET {path} HTTP/1.0\r\nHost: ics\r\n\r\n".encode())
                head, _, said = (await reader.read()).decode().partition("\r\n\r\n")
    except (OSError, TimeoutError):
        return None
    return HealthAnswer(head.split(" ")[1:2] == ["200"], said)


def figures_of(text: str) -> dict[str, list[float]]:
    """Return the product's figures from an answer of `/metrics`, by name: one for each set of labels."""
    found: dict[str, list[float]] = {}
    for line in text.splitlines():
        if line.startswith("ics_"):
            name, _, figure = line.rpartition(" ")
            found.setdefault(name.partition("{")[0], []).append(float(figure))
    return found

"""Keeps the parts of the product running: starts them, starts them again when they end, and stops them in order."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from typing import Protocol

from deploy.runner.console import Console
from deploy.runner.refusals import CannotStart
from shared.tasks import end

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0
STEADY_SECONDS = 10.0  # after so long without a crash the next one is waited for as shortly as the first


class SupervisedPart(Protocol):
    """One server or child: Postgres, NATS, a service, the gateway."""

    @property
    def name(self) -> str: ...

    async def start(self) -> None:
        """Spawn it, from the main thread; may be called again once it has ended. Raises `CannotStart`."""

    async def ready(self) -> None:
        """Wait until it can be used. Raises `CannotStart` when it ends before."""

    async def ended(self) -> int:
        """Wait until it has ended; its exit code."""
        ...

    async def stop(self, hurry: asyncio.Event) -> None:
        """Ask it to end and wait; when `hurry` is set, make it. Does nothing for a part that is not running."""


class BackOff:
    """How long to wait before the next start: longer each time, until the part has been steady for a while."""

    def __init__(self) -> None:
        self._next = FIRST_WAIT_SECONDS

    def after(self, lived_seconds: float) -> float:
        if lived_seconds >= STEADY_SECONDS:
            self._next = FIRST_WAIT_SECONDS
        wait, self._next = self._next, min(self._next * 2, LONGEST_WAIT_SECONDS)
        return wait


class Supervisor:
    """Holds the parts in layers, in the order of starting; they stop the other way round, a layer at a time."""

    def __init__(self, layers: Sequence[Sequence[SupervisedPart]], console: Console) -> None:
        self.hurry = asyncio.Event()
        self._layers = layers
        self._console = console
        self._watches: list[asyncio.Task[None]] = []

    async def start(self, part: SupervisedPart) -> None:
        """Start a part and wait until it is ready; from then on it is started again whenever it ends."""
        await part.start()
        await part.ready()
        self._watches.append(asyncio.create_task(self._watch(part)))

    async def _watch(self, part: SupervisedPart) -> None:
        back_off = BackOff()
        while True:
            started = time.monotonic()
            code = await part.ended()
            wait = back_off.after(time.monotonic() - started)
            self._console.say(f"{part.name} ended with code {code}; starting it again in {wait:.1f} s")
            await asyncio.sleep(wait)
            try:
                await part.start()
            except CannotStart as why:
                self._console.say(str(why))

    async def stop(self) -> None:
        await end(self._watches)
        for layer in reversed(self._layers):
            await asyncio.gather(*(part.stop(self.hurry) for part in layer))


async def together(*steps: Coroutine[object, object, object]) -> None:
    """All steps at once; the first that fails cancels the others, and is raised as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(step)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None

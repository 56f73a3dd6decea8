"""Keep the parts of the product running: start them, restart them when they end, and stop them in order."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Protocol

from deploy.runner.console import Console
from deploy.runner.refusals import CannotStart
from shared.tasks import end

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0
STEADY_SECONDS = 10.0  # after this time without a crash, the back-off starts from the beginning

FollowUp = Callable[[], Awaitable[None]]


class SupervisedPart(Protocol):
    """A server or process that is supervised: Postgres, NATS, a service or the gateway."""

    @property
    def name(self) -> str: ...

    async def start(self) -> None:
        """
        Spawn the part, from the main thread. Raise `CannotStart` on failure.

        This may be called again once the part has ended.
        """

    async def ready(self) -> None:
        """Wait until the part can be used. Raise `CannotStart` when it ends first."""

    async def ended(self) -> int:
        """Wait until the part has ended, and return its exit code."""
        ...

    async def stop(self, hurry: asyncio.Event) -> None:
        """Ask the part to end, and wait. Once `hurry` is set, force it. Do nothing if it is not running."""


class BackOff:
    """The wait before the next start. It doubles each time, until the part has been steady for a while."""

    def __init__(self) -> None:
        self._next = FIRST_WAIT_SECONDS

    def after(self, lived_seconds: float) -> float:
        if lived_seconds >= STEADY_SECONDS:
            self._next = FIRST_WAIT_SECONDS
        wait, self._next = self._next, min(self._next * 2, LONGEST_WAIT_SECONDS)
        return wait


class Supervisor:
    """Holds the parts in layers, in starting order. They stop in reverse order, one layer at a time."""

    def __init__(self, layers: Sequence[Sequence[SupervisedPart]], console: Console) -> None:
        self.hurry = asyncio.Event()
        self._layers = layers
        self._console = console
        self._watches: list[asyncio.Task[None]] = []

    async def start(self, part: SupervisedPart, follow_up: FollowUp | None = None) -> None:
        """
        Start a part and wait until it is ready. From then on, restart it each time it ends.

        `follow_up` runs each time that the part is ready, before anybody relies on it. Raise `CannotStart` when the
        part or its follow-up fails this first time.
        """
        await part.start()
        await part.ready()
        if follow_up is not None:
            await follow_up()
        self._watches.append(asyncio.create_task(self._watch(part, follow_up)))

    async def _watch(self, part: SupervisedPart, follow_up: FollowUp | None) -> None:
        back_off = BackOff()
        while True:
            started = time.monotonic()
            code = await part.ended()
            wait = back_off.after(time.monotonic() - started)
            self._console.say(f"{part.name} ended with code {code}; starting it again in {wait:.1f} s")
            await asyncio.sleep(wait)
            try:
                await part.start()
                if follow_up is not None:
                    await part.ready()
                    await follow_up()
            except CannotStart as why:
                self._console.say(str(why))
                await part.stop(self.hurry)  # without its follow-up it is of no use, so it starts again

    async def stop(self) -> None:
        await end(self._watches)
        for layer in reversed(self._layers):
            await asyncio.gather(*(part.stop(self.hurry) for part in layer))


async def together(*steps: Coroutine[object, object, object]) -> None:
    """Run all steps in parallel. If one fails, cancel the others and raise its own error."""
    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(step)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None

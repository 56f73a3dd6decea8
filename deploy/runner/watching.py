"""Look after parts that run but do not work: restart a process that hangs, and mend NATS when services need it."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import NoReturn, Protocol

from deploy.runner.children import ask_health, figures_of
from deploy.runner.console import Console
from deploy.runner.refusals import CannotStart
from deploy.runner.supervise import SupervisedPart

LOOK_SECONDS = 5.0
ANSWER_SECONDS = 5.0
MISSED_ANSWERS = 6  # in a row, which take from 30 to 60 seconds
MISSED_AT_START = 15  # while a new process has not answered yet
LOOK_AT_NATS_SECONDS = 20.0
DECLARE_EVERY = 3  # looks, which are a minute
REFUSED_SECONDS = 20.0
FIRST_PAUSE_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 600.0
SMALLEST_SPACE = 104_857_600  # bytes; with less, a restart of NATS would not help

Declare = Callable[[], Awaitable[None]]


async def every(seconds: float, look: Callable[[], Awaitable[None]], console: Console) -> NoReturn:
    """Look again and again until cancelled. What one look meets, such as a folder that is gone, does not end them."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await look()
        except (OSError, CannotStart) as why:
            console.say(f"a check of the running parts failed: {type(why).__name__}")


class WatchedPart(SupervisedPart, Protocol):
    """A part with a health port."""

    @property
    def pid(self) -> int | None:
        """The id of the running process, or None while there is none."""
        ...


@dataclass
class HangWatch:
    """Ends a process that has not answered `GET /live` several times in a row; the supervisor starts it again."""

    part: WatchedPart
    socket: Path
    console: Console
    _pid: int | None = None
    _missed: int = 0
    _has_answered: bool = False

    async def look(self) -> None:
        if self.part.pid != self._pid:
            self._pid, self._missed, self._has_answered = self.part.pid, 0, False
        if self._pid is None:
            return
        if await ask_health(self.socket, "/live", ANSWER_SECONDS) is not None:
            self._missed, self._has_answered = 0, True
            return
        self._missed += 1
        if self._missed >= (MISSED_ANSWERS if self._has_answered else MISSED_AT_START):
            self.console.say(f"{self.part.name} has not answered {self._missed} times in a row; ending it")
            await self.part.stop(_at_once())


def _at_once() -> asyncio.Event:
    hurry = asyncio.Event()
    hurry.set()
    return hurry


class NatsWatch:
    """
    Reads the services' own figures, and acts when NATS fails them: it refuses events, or has lost streams or readers.

    The first remedy is to declare streams and readers again. The second is to restart NATS, if it is ours and the disk
    has space: after a full disk it refuses events until then. Further restarts wait longer each time. `nats` is None
    for a server of the operator's own: then streams and readers are declared each minute, because it may come back
    without them. `folder` is where ours stores its streams.
    """

    def __init__(
        self, sockets: Sequence[Path], declare: Declare, nats: SupervisedPart | None, folder: Path, console: Console
    ) -> None:
        self._sockets = sockets
        self._declare = declare
        self._nats = nats
        self._folder = folder
        self._console = console
        self._rounds = 0
        self._next_restart = 0.0
        self._pause = FIRST_PAUSE_SECONDS

    async def look(self) -> None:
        answers = await asyncio.gather(*(ask_health(each, "/metrics", ANSWER_SECONDS) for each in self._sockets))
        if not fails_services(answer.said for answer in answers if answer is not None):
            self._rounds = 0
            if monotonic() > self._next_restart + self._pause:
                self._pause = FIRST_PAUSE_SECONDS
            return
        self._rounds += 1
        if self._rounds == 1 or (self._nats is None and self._rounds % DECLARE_EVERY == 1):
            await self._declare_again()
        else:
            await self._restart()

    async def _declare_again(self) -> None:
        self._console.say("NATS refuses events or lacks readers: declaring its streams and readers again")
        try:
            await self._declare()
        except CannotStart as why:
            self._console.say(str(why))

    async def _restart(self) -> None:
        if self._nats is None or monotonic() < self._next_restart:
            return
        if (free := shutil.disk_usage(self._folder).free) < SMALLEST_SPACE:
            if self._rounds == 2:
                self._console.say(f"NATS refuses events, and only {free // 1_048_576} MB are free in {self._folder}")
            return
        self._next_restart = monotonic() + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        self._rounds = 0  # after the restart everything is declared again
        self._console.say("NATS fails the services although the disk has space; restarting it")
        await self._nats.stop(asyncio.Event())


def fails_services(figures: Iterable[str]) -> bool:
    """Return whether figures of the services, each as `/metrics` answers them, say that NATS fails any of them."""
    read = [figures_of(each) for each in figures]
    for each in read:
        refused, missing = each.get("ics_publishing_refused_seconds", []), each.get("ics_reader_missing", [])
        if max(refused, default=0.0) > REFUSED_SECONDS or max(missing, default=0.0) > 0:
            return True
    connected = [figure for each in read for figure in each.get("ics_bus_connected", [])]
    return bool(connected) and not any(connected)

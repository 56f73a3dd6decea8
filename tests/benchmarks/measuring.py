"""Measurements of one act that is repeated: its rate, its duration, and the CPU time of every process."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, replace
from statistics import median

import psutil

from shared.messages import PROCESSES
from tests.inside import EVERYTHING, Inside, cpu_seconds

RUNNER = "runner"
PARTS = (*PROCESSES, "nats", "postgres", RUNNER)
WARM_UP = 5

Act = Callable[[int], Awaitable[None]]
Meter = Callable[[], dict[str, float]]
Quiet = Callable[[], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Figures:
    """
    One measurement: acts a second, the median duration, and milliseconds of CPU per act, by part.

    `after_ms` is the CPU time of its followers, in all parts together.
    """

    rate: float
    p50_ms: float
    cpu_ms: dict[str, float]
    after_ms: float

    @property
    def whole_cpu_ms(self) -> float:
        return sum(self.cpu_ms.values())


def split(request: Figures, whole: Figures) -> Figures:
    """Return the figures of the request with the relay held back. What the whole act uses beyond that is `after_ms`."""
    after = whole.whole_cpu_ms + whole.after_ms - request.whole_cpu_ms
    return replace(whole, cpu_ms=request.cpu_ms, after_ms=after)


def meter_of(inside: Inside, without: Collection[int] = ()) -> Meter:
    """Return a meter of the CPU seconds of each part since its start, except for the process ids in `without`."""

    def read() -> dict[str, float]:
        parts = processes_by_part(inside)
        return {part: cpu_seconds([each for each in parts[part] if each.pid not in without]) for part in PARTS}

    return read


def processes_by_part(inside: Inside) -> dict[str, list[psutil.Process]]:
    """Return the processes of the product by the part that they descend from, or else under the runner."""
    heads = {inside.pid_of(part): part for part in EVERYTHING} | {inside.runner: RUNNER}
    parts: dict[str, list[psutil.Process]] = {part: [] for part in heads.values()}
    for each in inside.family():  # parents before their children
        part = heads.setdefault(each.pid, heads.get(each.ppid(), RUNNER))
        parts[part].append(each)
    return parts


def meter_of_backends(backends: Sequence[int]) -> Meter:
    """Return a meter of the CPU seconds of this process and of its database backends."""
    return lambda: {
        "client": cpu_seconds([psutil.Process(os.getpid())]),
        "postgres": cpu_seconds([psutil.Process(pid) for pid in backends]),
    }


async def idle_rates(meter: Meter, seconds: float) -> dict[str, float]:
    """Return the CPU seconds that each part uses per second when idle, or zeros if `seconds` is 0."""
    before, started = meter(), time.perf_counter()
    if not seconds:
        return dict.fromkeys(before, 0.0)
    await asyncio.sleep(seconds)
    after, took = meter(), time.perf_counter() - started
    return {part: (after[part] - before[part]) / took for part in after}


@contextmanager
def paused(inside: Inside, parts: Sequence[str]) -> Iterator[None]:
    """Suspend the processes of these parts during the block, so that only the act's own cost is measured."""
    processes = [each for part in parts for each in inside.processes(part)]
    for each in processes:
        each.suspend()
    try:
        yield
    finally:
        for each in processes:
            each.resume()


@dataclass(frozen=True)
class Bench:
    """How measurements are taken. `settle` waits until the work that follows an act is done."""

    meter: Meter
    seconds: float
    idle_seconds: float
    rounds: int
    settle: Callable[[], Awaitable[None]]

    async def measure(self, act: Act, clients: int, quiet: Quiet) -> Figures:
        """Return the middle round by CPU time, with the median rate and duration of all rounds."""
        for number in range(WARM_UP):
            await act(number % clients)
        rounds = sorted([await self._round(act, clients, quiet) for _ in range(self.rounds)], key=_by_cpu)
        middle = rounds[len(rounds) // 2]
        return replace(middle, rate=median(it.rate for it in rounds), p50_ms=median(it.p50_ms for it in rounds))

    async def _round(self, act: Act, clients: int, quiet: Quiet) -> Figures:
        """Run one round. Measure idle use just before it, first with every process awake, then as during the act."""
        await self.settle()
        awake = await idle_rates(self.meter, self.idle_seconds)
        async with quiet():
            still = await idle_rates(self.meter, self.idle_seconds)
            before = self._moment()
            times = await self._act_for_a_while(act, clients)
            answered = self._moment()
        await self.settle()
        took, used = _between(before, answered, still)
        _, follows = _between(answered, self._moment(), awake)
        cpu = {part: seconds * 1000 / len(times) for part, seconds in used.items()}
        return Figures(len(times) / took, median(times) * 1000, cpu, sum(follows.values()) * 1000 / len(times))

    async def _act_for_a_while(self, act: Act, clients: int) -> list[float]:
        """Repeat the act for `seconds` on each client, and return the duration of each in seconds."""
        times: list[float] = []
        until = time.perf_counter() + self.seconds

        async def one(client: int) -> None:
            while (begun := time.perf_counter()) < until:
                await act(client)
                times.append(time.perf_counter() - begun)

        await asyncio.gather(*(one(client) for client in range(clients)))
        return times

    def _moment(self) -> tuple[float, dict[str, float]]:
        return time.perf_counter(), self.meter()


def _between(
    before: tuple[float, dict[str, float]], after: tuple[float, dict[str, float]], idle: Mapping[str, float]
) -> tuple[float, dict[str, float]]:
    """Return the seconds that passed, and the CPU seconds of each part beyond its idle use."""
    took = after[0] - before[0]
    return took, {part: after[1][part] - before[1][part] - idle[part] * took for part in after[1]}


def _by_cpu(figures: Figures) -> float:
    return figures.whole_cpu_ms

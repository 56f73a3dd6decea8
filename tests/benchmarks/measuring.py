"""Runs one act again and again, and tells its rate, its time, and what every process used for it."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

import psutil

from shared.messages import PROCESSES
from tests.inside import Inside, cpu_seconds

PARTS = (*PROCESSES, "nats", "postgres")
WARM_UP = 5

Act = Callable[[int], Awaitable[None]]
Meter = Callable[[], dict[str, float]]


@dataclass(frozen=True)
class Figures:
    """One measurement: acts a second, the middle one's time, and seconds of CPU for each act, by part."""

    acts: int
    rate: float
    p50_ms: float
    cpu_ms: dict[str, float]

    @property
    def whole_cpu_ms(self) -> float:
        return sum(self.cpu_ms.values())


def meter_of(inside: Inside) -> Meter:
    """What each part of the product has used since it started, in seconds."""
    return lambda: {part: cpu_seconds(inside.processes(part)) for part in PARTS}


def meter_of_backends(backends: Sequence[int]) -> Meter:
    """What this very process, and the backends at the other end of its connections, have used."""
    return lambda: {
        "client": cpu_seconds([psutil.Process(os.getpid())]),
        "postgres": cpu_seconds([psutil.Process(pid) for pid in backends]),
    }


async def idle_rates(meter: Meter, seconds: float) -> dict[str, float]:
    """What each part uses in a second in which nobody asks for anything."""
    before, started = meter(), time.perf_counter()
    await asyncio.sleep(seconds)
    after, took = meter(), time.perf_counter() - started
    return {part: (after[part] - before[part]) / took for part in after}


@dataclass(frozen=True)
class Bench:
    """How measurements are taken. `settle` waits for what follows an act, so that it is counted too."""

    meter: Meter
    idle: dict[str, float]
    seconds: float
    rounds: int
    settle: Callable[[], Awaitable[None]]

    async def measure(self, act: Act, clients: int) -> Figures:
        """The middle one of several rounds, by CPU."""
        for number in range(WARM_UP):
            await act(number % clients)
        await self.settle()
        rounds = sorted([await self._round(act, clients) for _ in range(self.rounds)], key=lambda it: it.whole_cpu_ms)
        middle = rounds[len(rounds) // 2]
        return replace(middle, rate=median(it.rate for it in rounds), p50_ms=median(it.p50_ms for it in rounds))

    async def _round(self, act: Act, clients: int) -> Figures:
        times: list[float] = []
        before, started = self.meter(), time.perf_counter()

        async def one(client: int) -> None:
            while time.perf_counter() - started < self.seconds:
                begun = time.perf_counter()
                await act(client)
                times.append(time.perf_counter() - begun)

        await asyncio.gather(*(one(client) for client in range(clients)))
        took = time.perf_counter() - started
        await self.settle()
        after, whole = self.meter(), time.perf_counter() - started
        used = {part: after[part] - before[part] - self.idle.get(part, 0.0) * whole for part in after}
        cpu = {part: max(seconds, 0.0) * 1000 / len(times) for part, seconds in used.items()}
        return Figures(len(times), len(times) / took, median(times) * 1000, cpu)

"""Background jobs: work that a process repeats on a schedule or when woken, and retries after a fault."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NoReturn

from pydantic import ValidationError

from shared.clock import Clock, next_london_hour, utc_now
from shared.log import warn
from shared.messages import NotAnswered, Refused

HOUR = 3600.0
LONGEST_RETRY = 60.0

# Faults that other processes can cause in a job. A reply from another release may be unreadable.
BUS_FAULTS = (NotAnswered, Refused, ValidationError)


@dataclass(frozen=True)
class Job:
    """
    Work that runs at the start (unless `at_start` is False), and again every `every` seconds or each night.

    `work` returns True to run again at once. `nightly` is an hour in London, and replaces `every`. Setting `wakeup`
    runs the job early, `gather` seconds later. With `after_work` the service sets it after each request and event that
    it has handled. After a fault the job retries after `retry` seconds, then with back-off. `finish` is how many
    seconds running work may take to end when the process stops.
    """

    name: str
    work: Callable[[], Awaitable[object]]
    every: float = HOUR
    nightly: int | None = None
    at_start: bool = True
    wakeup: asyncio.Event = field(default_factory=asyncio.Event)
    gather: float = 0.0
    after_work: bool = False
    retry: float = 1.0
    longest_retry: float = LONGEST_RETRY
    finish: float = 0.0

    def wait(self, clock: Clock) -> float:
        """Return the seconds until the next scheduled run."""
        if self.nightly is None:
            return self.every
        now = clock()
        return (next_london_hour(now, self.nightly) - now).total_seconds()

    def back_off(self, faults: int) -> float:
        """Return the seconds to wait after this many faults in a row: doubled each time, up to a limit."""
        return min(self.retry * 2.0 ** min(faults - 1, 10), self.longest_retry, self.every)


async def repeat(job: Job, clock: Clock = utc_now, survived: tuple[type[Exception], ...] = BUS_FAULTS) -> NoReturn:
    """Run the job until it is cancelled. Log the faults in `survived` and retry; raise any other."""
    faults = 0
    wait = 0.0 if job.at_start else job.wait(clock)
    while True:
        await wait_for_wakeup(job.wakeup, wait, job.gather)
        try:
            again = await _run(job)
        except survived as error:
            faults += 1
            warn("job.failed", job=job.name, faults=faults, error=error)
            await asyncio.sleep(job.back_off(faults))
            wait = 0.0
        else:
            faults = 0
            wait = 0.0 if again is True else job.wait(clock)


async def wait_for_wakeup(wakeup: asyncio.Event, at_most: float, gather: float = 0.0) -> None:
    """
    Wait until the event is set or the timeout (in seconds) expires, then clear it.

    When the event ends the wait, pause for `gather` seconds, so that one run serves all that happens meanwhile.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(at_most):
            await wakeup.wait()
            await asyncio.sleep(gather)
    wakeup.clear()


async def _run(job: Job) -> object:
    """Run the work once. On cancellation give the work `finish` seconds to end, then cancel it."""
    running = asyncio.ensure_future(job.work())
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait((running,), timeout=job.finish)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        raise

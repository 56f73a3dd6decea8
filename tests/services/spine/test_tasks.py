"""Work that runs beside other work: waiting for a bell, and being ended."""

import asyncio
from collections.abc import Awaitable, Callable

from shared.tasks import end, rung


async def started(job: Callable[[], Awaitable[None]]) -> "asyncio.Task[None]":
    task = asyncio.ensure_future(job())
    await asyncio.sleep(0)
    return task


async def test_a_job_that_misses_its_end_is_ended_again_and_a_failed_one_is_named() -> None:
    async def goes_on_after_faults() -> None:
        for _ in range(2):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue

    async def fails() -> None:
        raise LookupError

    jobs = [await started(goes_on_after_faults), await started(fails)]

    found = await end(jobs, again_after=0.01)

    assert [LookupError] == [type(each) for each in found]
    assert all(job.done() for job in jobs)


async def test_an_end_that_comes_with_the_bell_is_not_missed() -> None:
    bell = asyncio.Event()
    waiting = await started(lambda: rung(bell, 60))

    bell.set()
    waiting.cancel()
    await asyncio.wait([waiting], timeout=1)

    assert waiting.cancelled()


async def test_a_bell_is_waited_for_so_long_and_is_silent_again() -> None:
    bell = asyncio.Event()

    await rung(bell, 0.01)
    bell.set()
    await rung(bell, 60)

    assert not bell.is_set()

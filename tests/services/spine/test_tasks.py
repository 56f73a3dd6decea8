"""Background tasks: waiting for a wake-up, and being ended."""

import asyncio
from collections.abc import Awaitable, Callable

from shared.jobs import wait_for_wakeup
from shared.tasks import end


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


async def test_an_end_that_comes_with_a_wake_up_is_not_missed() -> None:
    wakeup = asyncio.Event()
    waiting = await started(lambda: wait_for_wakeup(wakeup, 60))

    wakeup.set()
    waiting.cancel()
    await asyncio.wait([waiting], timeout=1)

    assert waiting.cancelled()


async def test_a_wake_up_is_waited_for_so_long_and_then_cleared() -> None:
    wakeup = asyncio.Event()

    await wait_for_wakeup(wakeup, 0.01)
    wakeup.set()
    await wait_for_wakeup(wakeup, 60)

    assert not wakeup.is_set()

"""Ending background tasks."""

import asyncio
from collections.abc import Iterable

AGAIN_AFTER_SECONDS = 10.0  # longer than any job takes to finish running work


async def end(tasks: Iterable["asyncio.Task[object]"], again_after: float = AGAIN_AFTER_SECONDS) -> list[BaseException]:
    """
    Cancel the tasks until all have ended. Return the exceptions that they raised.

    One cancellation may not be enough. A job that handles a fault at that moment continues. In Python 3.11, `wait_for`,
    which libraries use, loses a cancellation that arrives together with its result.
    """
    tasks = list(tasks)
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=again_after)
    found = await asyncio.gather(*tasks, return_exceptions=True)
    return [each for each in found if isinstance(each, BaseException) and not isinstance(each, asyncio.CancelledError)]

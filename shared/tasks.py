"""How tasks that run beside other work are ended."""

import asyncio
from collections.abc import Iterable

AGAIN_AFTER_SECONDS = 10.0  # longer than any job takes to finish what it has in hand


async def end(tasks: Iterable["asyncio.Task[object]"], again_after: float = AGAIN_AFTER_SECONDS) -> list[BaseException]:
    """
    Cancel the tasks until all have ended, and give what went wrong in any of them.

    Once may not be enough: a job that met a fault at that very moment goes on, as jobs do after faults; and Python
    3.11's `wait_for`, which libraries use, loses a cancellation that comes together with what it waited for.
    """
    tasks = list(tasks)
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=again_after)
    found = await asyncio.gather(*tasks, return_exceptions=True)
    return [each for each in found if isinstance(each, BaseException) and not isinstance(each, asyncio.CancelledError)]

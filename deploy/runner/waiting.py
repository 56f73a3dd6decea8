"""Wait for another program that sends no event, by checking repeatedly."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(holds: Callable[[], Awaitable[bool]], seconds: float, every: float = 0.01) -> bool:
    """Repeat the check until it holds. Return False when it still does not after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while not await holds():  # noqa: ASYNC110 - a file, a socket or /proc sets no event
                await asyncio.sleep(every)
    except TimeoutError:
        return False
    return True

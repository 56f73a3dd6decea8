"""Waiting for what another program does, of which nobody tells us."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(holds: Callable[[], Awaitable[bool]], seconds: float, every: float = 0.01) -> bool:
    """Look again and again until it holds; False when it still does not after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            while not await holds():  # noqa: ASYNC110 - a file, a socket or /proc sets no event
                await asyncio.sleep(every)
    except TimeoutError:
        return False
    return True

"""Answers whose time must not tell whether an address has an account."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LEAST_SECONDS = 0.3  # far more than the work takes, with an account or without


@asynccontextmanager
async def in_the_same_time() -> AsyncIterator[None]:
    """Let the block take `LEAST_SECONDS` at least, however it ends."""
    least = asyncio.ensure_future(asyncio.sleep(LEAST_SECONDS))
    try:
        yield
    finally:
        await least

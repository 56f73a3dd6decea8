"""Runs a tool so that it ends what it started, also when SIGTERM ends it."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import TypeVar

Result = TypeVar("Result")

# What a shell reports of a program that SIGTERM has ended.
ENDED_BY_TERM = 128 + signal.SIGTERM


def run_to_its_end(work: "Coroutine[None, None, Result]") -> Result:
    """
    Run the work. SIGTERM cancels it, so its blocks are left in order: they stop products and remove folders.

    After SIGKILL no block is left. Then the kernel ends the product, since `product` asks it to.
    """
    try:
        return asyncio.run(_cancelled_by_term(work))
    except asyncio.CancelledError:
        sys.exit(ENDED_BY_TERM)


async def _cancelled_by_term(work: "Coroutine[None, None, Result]") -> Result:
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task

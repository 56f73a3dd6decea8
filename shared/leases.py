"""Keeping the lease of a job while it is worked on, so that no other replica takes it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine

KEEP_SECONDS = 1.0


async def work_with_lease(
    work: Coroutine[object, object, None], keep: Callable[[], Awaitable[bool]], every: float = KEEP_SECONDS
) -> None:
    """
    Do the work, and call `keep` every few seconds meanwhile to renew the lease.

    If `keep` returns False the job is no longer this replica's: the work is cancelled. It is also cancelled when this
    call is, and has ended when this returns. Raise what the work raises.
    """
    working = asyncio.ensure_future(work)
    try:
        while not working.done():
            await asyncio.wait({working}, timeout=every)
            if not working.done() and not await keep():
                return
        working.result()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

"""Whether this gateway can serve pages, and which services answer it."""

import asyncio
from collections.abc import Awaitable, Callable

from prometheus_client import Gauge

from shared.messages import SERVICES, Process

# Without these no user can log in or open a record. Without another service only its own pages are missing.
NEEDED: tuple[Process, ...] = ("identity", "referrals")
ANSWERS = Gauge("ics_service_answers", "Whether the service answers this gateway: 1 or 0", ("service",))


async def needed_and_away(ping: Callable[[str], Awaitable[bool]]) -> list[Process]:
    """Ask all services whether they are there, note it for `/metrics`, and return the needed ones that are not."""
    answers = dict(zip(SERVICES, await asyncio.gather(*map(ping, SERVICES)), strict=True))
    for service, answered in answers.items():
        ANSWERS.labels(service).set(answered)
    return [service for service in NEEDED if not answers[service]]

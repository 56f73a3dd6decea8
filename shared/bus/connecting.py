"""The connection to the NATS server: one for each process, under its own credential and inbox."""

import asyncio

import nats.errors
from nats.aio.client import Client

from shared import log
from shared.messages import Fault, NotAnswered

CONNECT_SECONDS = 10
OLDEST_SERVER = (2, 12)


async def connect(process: str, url: str, seed: str) -> Client:
    """Connect, or raise `NotAnswered(unavailable)` after ten seconds. Refuse a server older than 2.12."""
    connection = Client()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await connection.connect(
                url,
                name=process,
                nkeys_seed_str=seed,
                inbox_prefix=f"_INBOX.{process}",
                max_reconnect_attempts=-1,
                reconnect_time_wait=0.2,  # type: ignore[arg-type]  # seconds; annotated int, used in asyncio.sleep
                ping_interval=5,
                error_cb=report,
            )
    except (TimeoutError, nats.errors.Error, OSError) as error:
        log.warn("bus.unreachable", error=error)
        raise NotAnswered(Fault.UNAVAILABLE) from None
    version = connection.connected_server_version
    if (version.major, version.minor) < OLDEST_SERVER:
        await connection.close()
        log.warn("bus.server_too_old", version=f"{version.major}.{version.minor}")
        raise NotAnswered(Fault.UNAVAILABLE)
    return connection


async def report(error: Exception) -> None:
    log.warn("bus.error", error=error)

"""Creating streams and their durable readers, for `ics migrate` and `ics up` alone, never for a service."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, StorageType, StreamConfig

from shared import log
from shared.bus.connecting import CONNECT_SECONDS
from shared.messages import Fault, NotAnswered


@asynccontextmanager
async def deployer_connection(url: str, seed: str) -> AsyncIterator[Client]:
    """
    A connection that may create streams and readers.

    It is not restored when it is lost: the runner declares again each time that the server has started. Raise
    `NotAnswered(unavailable)` if it is lost, if the server refuses the deployer, or if it does not answer within ten
    seconds.
    """
    connection = Client()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await connection.connect(
                url,
                name="deployer",
                nkeys_seed_str=seed,
                inbox_prefix="_INBOX.deployer",
                allow_reconnect=False,
                error_cb=_say_nothing,
            )
        yield connection
    except (TimeoutError, nats.errors.Error, OSError) as error:
        log.warn("bus.not_declared", error=error)
        raise NotAnswered(Fault.UNAVAILABLE) from None
    finally:
        await connection.close()


async def _say_nothing(_error: Exception) -> None:
    """Each failed attempt would be a line of its own; the one after the last attempt is enough."""


async def declare_stream(connection: Client, name: str, subjects: Sequence[str], days: int) -> None:
    """Create the stream, or update it to these subjects and days. The operator's number of replicas stays."""
    wanted = StreamConfig(
        name=name, subjects=list(subjects), max_age=days * 86_400, storage=StorageType.FILE, duplicate_window=120
    )
    js = connection.jetstream()
    try:
        present = await js.stream_info(name)
    except nats.js.errors.NotFoundError:
        await js.add_stream(wanted)
    else:
        await js.update_stream(wanted.evolve(num_replicas=present.config.num_replicas))


async def declare_consumer(connection: Client, stream: str, durable: str, subjects: Sequence[str]) -> None:
    """Create or update the durable pull reader. NATS never gives up on an event: the follower sets it aside."""
    wanted = ConsumerConfig(
        durable_name=durable,
        filter_subjects=list(subjects),
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=5,
        max_deliver=-1,
        max_ack_pending=256,
    )
    await connection.jetstream().add_consumer(stream, wanted)

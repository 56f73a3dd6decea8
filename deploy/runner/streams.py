"""Create the streams and their readers with the deployer's credential. The runner also forks this as a program."""

import asyncio
import os
import sys

from shared import log
from shared.bus.deploying import declare_consumer, declare_stream, deployer_connection
from shared.messages import NotAnswered
from shared.streams import STREAMS, readers


async def declare(url: str, seed: str) -> None:
    """
    Create or adjust every stream and reader. This is idempotent. `seed` is the deployer's nkey seed.

    Raise `NotAnswered` if NATS does not answer.
    """
    async with deployer_connection(url, seed) as connection:
        for stream in STREAMS:
            await declare_stream(connection, stream.name, stream.subjects, stream.days)
        for reader in readers():
            await declare_consumer(connection, reader.stream, reader.durable, reader.subjects)


if __name__ == "__main__":
    log.set_up("deployer")
    try:
        asyncio.run(declare(os.environ["ICS_NATS_URL"], os.environ["ICS_NATS_SEED"]))
    except NotAnswered:
        sys.exit("NATS does not answer, or does not let the deployer in.")

"""A reader of every message that the streams keep, under the credential that may create consumers."""

import asyncio
import secrets
from dataclasses import dataclass

from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from deploy.build.nats_permissions import DEPLOYER
from shared.bus.deploying import deployer_connection
from shared.streams import STREAMS
from tests.inside import Inside

READ_SECONDS = 30.0
FORGOTTEN_AFTER = 5.0


@dataclass(frozen=True)
class Kept:
    """One message as the stream keeps it."""

    subject: str
    headers: dict[str, str]
    body: bytes

    @property
    def event_id(self) -> str:
        """The event's id. Copies for other bodies have the same one."""
        return self.headers.get("ce-id", "")


async def read_streams(inside: Inside) -> dict[str, list[Kept]]:
    """Return every message of each stream, by the stream's name."""
    return {stream.name: await _read(inside, stream.name) for stream in STREAMS}


async def _read(inside: Inside, stream: str) -> list[Kept]:
    async with deployer_connection(inside.nats_url, inside.keyring.nats_seeds[DEPLOYER]) as connection:
        streams = connection.jetstream()
        there = (await streams.stream_info(stream)).state.messages
        inbox = f"_INBOX.{DEPLOYER}.{secrets.token_hex(8)}"
        arriving = await connection.subscribe(inbox)
        reader = ConsumerConfig(
            name=f"reader-{secrets.token_hex(4)}",
            deliver_subject=inbox,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=FORGOTTEN_AFTER,
        )
        await streams.add_consumer(stream, reader)
        async with asyncio.timeout(READ_SECONDS):
            messages = [await arriving.next_msg(timeout=READ_SECONDS) for _ in range(there)]
    return [Kept(each.subject, dict(each.headers or {}), each.data) for each in messages]

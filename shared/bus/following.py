"""Reading events from a stream: each event is handled, retried, or set aside."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn
from uuid import UUID

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import ValidationError

from shared import log
from shared.bus.protocol import MAX_DELIVERIES, Follower, is_away
from shared.messages import Event

BATCH = 20
AGAIN_AFTER_SECONDS = (1, 5, 30, 120, 600)
AWAY_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 5.0


@dataclass
class ReadingProgress:
    """When a follower last handled an event, or found that none waits."""

    at: float = field(default_factory=time.monotonic)

    def made(self) -> None:
        self.at = time.monotonic()

    def stalled(self) -> float:
        """Return for how many seconds there has been no progress."""
        return time.monotonic() - self.at


async def read_stream(connection: Client, inbox_prefix: str, follower: Follower, progress: ReadingProgress) -> None:
    """
    Handle events until cancelled. When the connection is lost, resume once the server is back.

    A reader that NATS no longer has is declared again by the deployer, and begins with the stream's first event. Until
    then this waits longer each time, and logs one line each time.
    """
    faults: Counter[int] = Counter()
    wait = AWAY_SECONDS
    while True:
        began = progress.at
        try:
            await _read_until_lost(connection, inbox_prefix, follower, faults, progress)
        except (nats.errors.Error, OSError) as error:
            log.warn("bus.stream_lost", durable=follower.durable, error=error)
            wait = AWAY_SECONDS if progress.at > began else min(wait * 2, LONGEST_WAIT_SECONDS)
            await asyncio.sleep(wait)


async def _read_until_lost(
    connection: Client, inbox_prefix: str, follower: Follower, faults: Counter[int], progress: ReadingProgress
) -> NoReturn:
    """Handle events until NATS refuses to hand out more, or the connection is lost."""
    reader = await connection.jetstream().pull_subscribe_bind(
        follower.durable, follower.stream, inbox_prefix=f"{inbox_prefix}.pull".encode()
    )
    try:
        while True:
            try:
                messages = await reader.fetch(BATCH, timeout=5)
            except TimeoutError:  # no message arrived: the stream has not ended
                progress.made()
                continue
            await _take_all(follower, messages, faults, progress)
            if len(messages) < BATCH:
                await asyncio.sleep(follower.gather)
    finally:
        with contextlib.suppress(nats.errors.Error, OSError):  # the next reader has an inbox of its own
            await reader.unsubscribe()


async def _take_all(
    follower: Follower, messages: Sequence[Msg], faults: Counter[int], progress: ReadingProgress
) -> None:
    """
    Handle events together if the follower can, or else one by one.

    If they fail together, each is tried alone, so that one bad event neither stops nor loses the others.
    """
    if len(messages) > 1 and await _are_taken_together(follower, messages):
        for message in messages:
            await message.ack()
            del faults[message.metadata.sequence.stream]
        progress.made()
    else:
        for message in messages:
            if await _take(follower, message, faults):
                progress.made()


async def _are_taken_together(follower: Follower, messages: Sequence[Msg]) -> bool:
    if follower.take_together is None:
        return False
    try:
        events = [_event_of(follower, message.headers or {}, message.data) for message in messages]
        await follower.take_together([event for event in events if event is not None])
    except Exception as error:  # noqa: BLE001  # the edge of the bus
        log.warn("bus.events_failed_together", durable=follower.durable, count=len(messages), error=error)
        return False
    return True


async def _take(follower: Follower, message: Msg, faults: Counter[int]) -> bool:
    """
    Handle one event, and return whether it needs no more work. On failure retry it later. Set it aside after six tries.

    An event waits without limit while something that it needs is unavailable, and this counts as no try. `faults`
    counts the failures in this process, by the event's sequence number in the stream.
    """
    headers = message.headers or {}
    place = message.metadata.sequence.stream
    try:
        event = _event_of(follower, headers, message.data)
        if event is not None:
            await follower.take(event)
        await message.ack()
        del faults[place]
    except ValidationError:
        return await _give_up(follower, message, headers, "unreadable")
    except Exception as error:  # noqa: BLE001  # the edge of the bus
        log.warn("bus.event_failed", durable=follower.durable, event_id=headers.get("ce-id"), error=error)
        if is_away(error):
            await message.nak(delay=AWAY_SECONDS)
            return False
        faults[place] += 1
        if faults[place] < MAX_DELIVERIES:
            await message.nak(delay=AGAIN_AFTER_SECONDS[faults[place] - 1])
            return False
        if not await _give_up(follower, message, headers, type(error).__name__):
            return False
        del faults[place]
    return True


def _event_of(follower: Follower, headers: Mapping[str, str], body: bytes) -> Event | None:
    """Return the event, or None for a kind that this follower does not handle."""
    for kind in follower.events:
        if headers.get("ce-type", "").endswith(f"-{kind.kind}-{kind.edition}"):
            return kind.model_validate_json(body)
    return None


async def _give_up(follower: Follower, message: Msg, headers: Mapping[str, str], reason: str) -> bool:
    """Return whether the event is set aside. If it cannot be stored, the stream delivers it again later."""
    deliveries = message.metadata.num_delivered
    try:
        await follower.set_aside(headers.get("ce-id", str(UUID(int=0))), message.subject, reason, deliveries)
    except Exception as error:  # noqa: BLE001  # kept on the stream rather than lost
        log.warn("bus.set_aside_failed", durable=follower.durable, error=error)
        await message.nak(delay=AGAIN_AFTER_SECONDS[-1])
        return False
    await message.term()
    return True

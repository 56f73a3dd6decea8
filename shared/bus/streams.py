"""Questions about a stream and its readers, which each process may ask about those that it uses."""

import json
from datetime import datetime, timedelta

import nats.errors
import nats.js.errors
from nats.aio.client import Client

from shared.bus.protocol import StreamState
from shared.messages import Fault, NotAnswered

LOOK_SECONDS = 1.0
NANOSECONDS = 1_000_000_000
WITH_GAPS = json.dumps({"deleted_details": True}).encode()


async def look_at_stream(connection: Client, name: str) -> StreamState:
    """Return what a stream holds now. Raise `NotAnswered` if it is not there, or NATS does not answer in a second."""
    try:
        answer = await connection.request(f"$JS.API.STREAM.INFO.{name}", WITH_GAPS, timeout=LOOK_SECONDS)
    except (nats.errors.Error, OSError):
        raise NotAnswered(Fault.UNAVAILABLE) from None
    info = json.loads(answer.data)
    if "error" in info:
        raise NotAnswered(Fault.UNAVAILABLE)
    state = info["state"]
    return StreamState(
        made_at=datetime.fromisoformat(info["created"]),
        first=state["first_seq"],
        last=state["last_seq"],
        gaps=tuple(state.get("deleted") or ()),
        kept=timedelta(seconds=info["config"]["max_age"] / NANOSECONDS),
    )


async def look_at_reader(connection: Client, stream: str, durable: str) -> int | None:
    """
    Return how many events the reader has not handled, or None if NATS does not know it or its stream.

    Raise `NotAnswered` if NATS does not answer in a second.
    """
    try:
        info = await connection.jetstream(timeout=LOOK_SECONDS).consumer_info(stream, durable)
    except (nats.js.errors.NotFoundError, nats.js.errors.ServiceUnavailableError):
        return None
    except (nats.errors.Error, OSError):
        raise NotAnswered(Fault.UNAVAILABLE) from None
    return (info.num_pending or 0) + (info.num_ack_pending or 0)

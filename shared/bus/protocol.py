"""The interface of the bus, which the real bus and the fake bus share."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from shared.messages import Broadcast, Event, Fault, Message, NotAnswered, Request

ASK_SECONDS = 5.0
MAX_DELIVERIES = 6
AWAY = frozenset({Fault.BUSY, Fault.TOO_LATE, Fault.UNAVAILABLE})

Reply = TypeVar("Reply", bound=Message)
Heard = TypeVar("Heard", bound=Broadcast)
# A handler's argument type differs by subject. The table of each front door pairs the two, and checks the type.
Handler = Callable[[Any, "Context"], Awaitable[Message]]


@dataclass(frozen=True)
class Context:
    """The context of a request: the asker's assertion, the id in its logs, and the deadline in Unix seconds."""

    who: str | None = field(repr=False)
    request_id: str
    deadline: float


@dataclass(frozen=True)
class Follower:
    """
    A durable reader of one stream: the events it handles, its handler, and where it sets aside failed events.

    `take_together` handles several events at once, all or none. If it fails, each of them goes to `take`. After a read
    that leaves nothing behind, the reader pauses for `gather` seconds, so that the next one finds more events.
    """

    durable: str
    stream: str
    events: tuple[type[Event], ...]
    take: Callable[[Any], Awaitable[None]]  # takes any of `events`
    set_aside: Callable[[str, str, str, int], Awaitable[None]]  # event id, subject, reason, deliveries
    take_together: Callable[[Sequence[Any]], Awaitable[None]] | None = None
    gather: float = 0.0


@dataclass(frozen=True)
class StreamPlace:
    """
    Where a stream has stored a message. `sequence` counts the stream's messages from 1.

    `is_duplicate`: the stream had this message before, and its earlier place counts.
    """

    sequence: int
    is_duplicate: bool


@dataclass(frozen=True)
class StreamState:
    """
    What a stream holds now: the places from `first` to `last` without `gaps`, each message for at most `kept`.

    A stream is identified by the time at which it was made: one that is made again under its name holds nothing.
    """

    made_at: datetime
    first: int
    last: int
    gaps: tuple[int, ...]
    kept: timedelta


@dataclass(frozen=True)
class ReaderState:
    """
    How far a durable reader of this process has come.

    `lag` counts the events that it has not handled. It is None if NATS does not know the reader. `stalled` is for how
    many seconds it has neither handled an event nor found that none waits.
    """

    durable: str
    lag: int | None
    stalled: float


class Bus(Protocol):
    """What a process can do on the bus. The same contract tests check the real bus and the fake bus."""

    async def ask(self, request: Request[Reply], *, who: str | None = None, seconds: float = ASK_SECONDS) -> Reply: ...

    async def answer(self, request_type: type[Request[Message]], handler: Handler) -> None: ...

    async def tell(self, broadcast: Broadcast) -> None: ...

    async def hear(self, kind: type[Heard], handler: Callable[[Heard], Awaitable[None]]) -> None: ...

    async def publish(self, subject: str, body: bytes, headers: Mapping[str, str]) -> StreamPlace: ...

    async def look_at_stream(self, name: str) -> StreamState: ...

    async def follow(self, follower: Follower) -> None: ...

    async def look_at_readers(self) -> Sequence[ReaderState]: ...

    async def settle(self) -> None: ...

    async def close(self) -> None: ...

    @property
    def connected(self) -> bool: ...

    @property
    def reconnects(self) -> int: ...


def is_away(error: Exception) -> bool:
    """Return whether an event failed because something was temporarily unavailable."""
    return isinstance(error, NotAnswered) and error.fault in AWAY

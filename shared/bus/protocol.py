"""The interface of the bus, which the real bus and the fake bus share."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
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


class Bus(Protocol):
    """What a process can do on the bus. The same contract tests check the real bus and the fake bus."""

    async def ask(self, request: Request[Reply], *, who: str | None = None, seconds: float = ASK_SECONDS) -> Reply: ...

    async def answer(self, request_type: type[Request[Message]], handler: Handler) -> None: ...

    async def tell(self, broadcast: Broadcast) -> None: ...

    async def hear(self, kind: type[Heard], handler: Callable[[Heard], Awaitable[None]]) -> None: ...

    async def publish(self, subject: str, body: bytes, headers: Mapping[str, str]) -> None: ...

    async def follow(self, follower: Follower) -> None: ...

    async def settle(self) -> None: ...

    async def close(self) -> None: ...

    @property
    def connected(self) -> bool: ...


def is_away(error: Exception) -> bool:
    """Return whether an event failed because something was temporarily unavailable."""
    return isinstance(error, NotAnswered) and error.fault in AWAY

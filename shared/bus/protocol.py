"""What a process may do on the bus, in the words that the real one and the fake one share."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from shared.messages import Broadcast, Event, Fault, Message, NotAnswered, Request

ASK_SECONDS = 5.0
MAX_DELIVERIES = 6
AWAY = frozenset({Fault.BUSY, Fault.TOO_LATE, Fault.UNAVAILABLE})

Reply = TypeVar("Reply", bound=Message)
Heard = TypeVar("Heard", bound=Broadcast)
# What a handler takes differs by subject; the table in each service's front door pairs them, and is checked there.
Handler = Callable[[Any, "Context"], Awaitable[Message]]


@dataclass(frozen=True)
class Context:
    """What came along with a request: the asker's assertion, and the id under which its logs are found."""

    who: str | None
    request_id: str
    deadline: float


@dataclass(frozen=True)
class Follower:
    """A durable reader of one stream: which events it takes, what it does, and where what it cannot do is kept."""

    durable: str
    stream: str
    events: tuple[type[Event], ...]
    take: Callable[[Any], Awaitable[None]]  # takes any of `events`
    set_aside: Callable[[str, str, str, int], Awaitable[None]]  # event id, subject, reason, deliveries


class Bus(Protocol):
    """What a process may do on the bus; the real one and the fake one are held to it by the same tests."""

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
    """Whether an event failed for want of something that will be back."""
    return isinstance(error, NotAnswered) and error.fault in AWAY

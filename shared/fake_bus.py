"""An in-process bus for tests of services and pages. The contract tests run against it and the real bus."""

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TypeVar

from pydantic import ValidationError

from shared import log
from shared.bus.protocol import (
    ASK_SECONDS,
    MAX_DELIVERIES,
    Context,
    Follower,
    Handler,
    ReaderState,
    StreamPlace,
    StreamState,
    is_away,
)
from shared.messages import Broadcast, Event, Fault, Message, NotAnswered, Refused, Request

Reply = TypeVar("Reply", bound=Message)
Heard = TypeVar("Heard", bound=Broadcast)


class UnnamedRefusal(AssertionError):
    """Raised when a handler refuses a request by a code, or with details, that its contract does not name."""

    def __init__(self, request_type: type[Request[Message]], refusal: Refused) -> None:
        reason = f"{refusal.code} with {type(refusal.details).__name__}"
        super().__init__(f"{request_type.__name__} was refused as {reason}, which its contract does not name")


@dataclass
class FakeWire:
    """
    The state that fake buses share, as processes share a NATS server.

    `published` holds the messages of all streams, which count as one here. It was made at `made_at`.
    """

    answers: dict[str, tuple[type[Request[Message]], Handler]] = field(default_factory=dict)
    listeners: dict[str, list[Callable[[bytes], Awaitable[None]]]] = field(default_factory=lambda: defaultdict(list))
    followers: dict[str, Follower] = field(default_factory=dict)
    published: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    made_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class FakeBus:
    """
    The fake bus of one process. Bodies pass through JSON, as on the real bus.

    It is stricter than the real bus in one point: a refusal that the contract does not name raises `UnnamedRefusal`.
    """

    process: str
    wire: FakeWire = field(default_factory=FakeWire)
    _open: bool = True
    _in_hand: set["asyncio.Task[bytes]"] = field(default_factory=set)

    @property
    def connected(self) -> bool:
        return self._open

    @property
    def reconnects(self) -> int:
        return 0

    async def ask(self, request: Request[Reply], *, who: str | None = None, seconds: float = ASK_SECONDS) -> Reply:
        answer = self.wire.answers.get(request.subject)
        if answer is None or not self._open:
            raise NotAnswered(Fault.UNAVAILABLE)
        context = Context(who, log.request_id.get() or secrets.token_hex(8), time.time() + seconds)
        work = asyncio.create_task(_handled(*answer, request.model_dump_json(), context))
        self._in_hand.add(work)
        work.add_done_callback(self._in_hand.discard)
        try:
            async with asyncio.timeout(seconds):
                body = await asyncio.shield(work)
        except TimeoutError:
            raise NotAnswered(Fault.TOO_LATE) from None
        return request.read_reply(body)

    async def answer(self, request_type: type[Request[Message]], handler: Handler) -> None:
        self.wire.answers[request_type.subject] = (request_type, handler)

    async def tell(self, broadcast: Broadcast) -> None:
        for listener in self.wire.listeners[broadcast.subject]:
            await listener(broadcast.model_dump_json().encode())

    async def hear(self, kind: type[Heard], handler: Callable[[Heard], Awaitable[None]]) -> None:
        async def arrived(body: bytes) -> None:
            try:
                await handler(kind.model_validate_json(body))
            except Exception as error:  # noqa: BLE001  # the edge of the bus
                log.warn("bus.broadcast_failed", subject=kind.subject, error=error)

        self.wire.listeners[kind.subject].append(arrived)

    async def publish(self, subject: str, body: bytes, headers: Mapping[str, str]) -> StreamPlace:
        if not self._open:
            raise NotAnswered(Fault.UNAVAILABLE)
        sent = [kept.get("Nats-Msg-Id") for _, _, kept in self.wire.published]
        if (name := headers.get("Nats-Msg-Id")) and name in sent:
            return StreamPlace(sent.index(name) + 1, is_duplicate=True)
        self.wire.published.append((subject, body, dict(headers)))
        place = StreamPlace(len(self.wire.published), is_duplicate=False)
        for follower in self.wire.followers.values():
            await _deliver(follower, subject, body, headers)
        return place

    async def look_at_stream(self, name: str) -> StreamState:
        if not self._open:
            raise NotAnswered(Fault.UNAVAILABLE)
        return StreamState(self.wire.made_at, 1, len(self.wire.published), (), timedelta(days=30))

    async def look_at_readers(self) -> list[ReaderState]:
        """Return nothing left for any reader: the fake bus delivers immediately."""
        return [ReaderState(durable, 0, 0.0) for durable in self.wire.followers]

    async def follow(self, follower: Follower) -> None:
        self.wire.followers[follower.durable] = follower
        for subject, body, headers in list(self.wire.published):
            await _deliver(follower, subject, body, headers)

    async def settle(self) -> None:
        """Return at once: the fake bus delivers immediately."""

    async def close(self) -> None:
        self._open = False
        if self._in_hand:
            await asyncio.wait(self._in_hand)


def check_named(request_type: type[Request[Message]], refusal: Refused) -> None:
    """Raise `UnnamedRefusal` unless the contract of the request names the code with details of this type."""
    if not request_type.names(refusal):
        raise UnnamedRefusal(request_type, refusal)


async def _handled(request_type: type[Request[Message]], handler: Handler, body: str, context: Context) -> bytes:
    log.request_id.set(context.request_id)
    try:
        request = request_type.model_validate_json(body)
    except ValidationError:
        raise NotAnswered(Fault.UNREADABLE) from None
    try:
        reply = await handler(request, context)
    except Refused as refusal:
        check_named(request_type, refusal)
        raise request_type.read_refusal(refusal.code, refusal.details.model_dump_json()) from None
    except (NotAnswered, UnnamedRefusal):
        raise
    except Exception as error:  # noqa: BLE001  # the edge of the bus
        log.warn("bus.handler_failed", subject=request_type.subject, error=error)
        raise NotAnswered(Fault.BROKEN) from None
    return reply.model_dump_json().encode()


async def _deliver(follower: Follower, subject: str, body: bytes, headers: Mapping[str, str]) -> None:
    kind = _kind_of(follower, subject)
    if kind is None:
        return
    reason, tries = "unreadable", 0
    while tries < MAX_DELIVERIES:
        try:
            await follower.take(kind.model_validate_json(body))
        except ValidationError:
            break
        except Exception as error:  # noqa: BLE001  # the edge of the bus
            reason = type(error).__name__
            tries += not is_away(error)
            await asyncio.sleep(0)
        else:
            return
    await follower.set_aside(headers.get("ce-id", ""), subject, reason, MAX_DELIVERIES)


def _kind_of(follower: Follower, subject: str) -> type[Event] | None:
    for kind in follower.events:
        if fnmatchcase(subject, f"{kind.family}.*.*.{kind.kind}"):
            return kind
    return None

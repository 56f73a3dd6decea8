"""
The bus: ask a service, answer for a service, follow events, tell everybody.

A thin layer over nats-py, and the only module that may import it. It holds what its contract tests say: handlers of
one subject run at once under a bound, an error travels as a bare code and never as text, deadlines travel along,
stopping answers all work in hand, and the NATS service protocol is spoken.
"""

import asyncio
import contextlib
import json
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from uuid import UUID

import nats
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import AckPolicy, ConsumerConfig, StorageType, StreamConfig
from pydantic import ValidationError

from shared import log
from shared.discovery import Card, Endpoint
from shared.messages import Broadcast, Event, Fault, Message, NotAnswered, Refused, Request
from shared.tasks import end

ASK_SECONDS = 5.0
STOP_SECONDS = 25.0
HANG_UP_SECONDS = 3.0
NOBODY_THERE_SECONDS = 1.0
AT_ONCE = 32
WAITING = 512
BATCH = 20
MAX_DELIVERIES = 6
AGAIN_AFTER_SECONDS = (1, 5, 30, 120, 600)
AWAY = frozenset({Fault.BUSY, Fault.TOO_LATE, Fault.UNAVAILABLE})
AWAY_SECONDS = 0.5
OLDEST_SERVER = (2, 12)

ERROR, ERROR_CODE = "Nats-Service-Error", "Nats-Service-Error-Code"
WHO, DEADLINE, REQUEST_ID, IS_REFUSAL = "who", "deadline", "request-id", "refusal"
FAULT_CODES = {
    Fault.UNREADABLE: 400,
    Fault.NOT_SIGNED_IN: 401,
    Fault.NOT_ALLOWED: 403,
    Fault.BROKEN: 500,
    Fault.BUSY: 503,
    Fault.UNAVAILABLE: 503,
    Fault.TOO_LATE: 504,
}

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


@dataclass
class NatsBus:
    """The bus over NATS, for one process under its own credential and inbox."""

    process: str
    connection: Client
    _card: Card
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _in_hand: set[asyncio.Task[None]] = field(default_factory=set)
    _followers: set[asyncio.Task[None]] = field(default_factory=set)
    _subscriptions: list[Subscription] = field(default_factory=list)

    @classmethod
    async def connect(cls, process: str, url: str, seed: str) -> "NatsBus":
        """Connect, or raise `NotAnswered(unavailable)` after ten seconds. Refuses a server older than 2.12."""
        connection = Client()
        try:
            async with asyncio.timeout(10):
                await connection.connect(
                    url,
                    name=process,
                    nkeys_seed_str=seed,
                    inbox_prefix=f"_INBOX.{process}",
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.2,  # type: ignore[arg-type]  # seconds; annotated int, used in asyncio.sleep
                    ping_interval=5,
                    error_cb=_report,
                )
        except (TimeoutError, nats.errors.Error, OSError) as error:
            log.warn("bus.unreachable", error=error)
            raise NotAnswered(Fault.UNAVAILABLE) from None
        version = connection.connected_server_version
        if (version.major, version.minor) < OLDEST_SERVER:
            await connection.close()
            log.warn("bus.server_too_old", version=f"{version.major}.{version.minor}")
            raise NotAnswered(Fault.UNAVAILABLE)
        return cls(process, connection, Card(process, secrets.token_hex(8)))

    @property
    def connected(self) -> bool:
        return self.connection.is_connected

    async def ask(self, request: Request[Reply], *, who: str | None = None, seconds: float = ASK_SECONDS) -> Reply:
        """
        The service's reply. Raises `Refused` with the service's code, or `NotAnswered`.

        Every request may be asked again: reads change nothing, commands carry their own id.
        """
        headers = {DEADLINE: str(time.time() + seconds), REQUEST_ID: log.request_id.get() or secrets.token_hex(8)}
        if who:
            headers[WHO] = who
        message = await self._request(request.subject, request.model_dump_json().encode(), headers, seconds)
        if message.headers and ERROR in message.headers:
            raise _error_of(message.headers, message.data)
        return request.reply_type().model_validate_json(message.data)

    async def _request(self, subject: str, body: bytes, headers: dict[str, str], seconds: float) -> Msg:
        give_up = time.monotonic() + min(seconds, NOBODY_THERE_SECONDS)
        while True:
            try:
                if not self.connected:
                    raise nats.errors.NoRespondersError
                return await self.connection.request(subject, body, timeout=seconds, headers=headers)
            except nats.errors.NoRespondersError:  # nobody took it, so nothing has begun: it may be asked again
                if time.monotonic() > give_up:
                    raise NotAnswered(Fault.UNAVAILABLE) from None
                await asyncio.sleep(0.05)
            except nats.errors.MaxPayloadError:
                raise NotAnswered(Fault.UNREADABLE) from None
            except (nats.errors.Error, OSError):
                raise NotAnswered(Fault.TOO_LATE) from None

    async def answer(self, request_type: type[Request[Message]], handler: Handler) -> None:
        """Answer this request for as long as the bus is open, beside the other replicas of the service."""
        subject = request_type.subject
        endpoint = Endpoint(subject.rsplit(".", 1)[-1], subject, queue=self.process)

        async def arrived(message: Msg) -> None:
            if len(self._in_hand) >= AT_ONCE + WAITING:
                await self._send_error(message, Fault.BUSY)
                return
            self._keep(self._in_hand, self._answer_one(request_type, handler, endpoint, message))

        if not self._card.endpoints:
            await self._answer_discovery()
        self._card.endpoints.append(endpoint)
        self._subscriptions.append(await self.connection.subscribe(subject, queue=self.process, cb=arrived))

    async def _answer_one(
        self, request_type: type[Request[Message]], handler: Handler, endpoint: Endpoint, message: Msg
    ) -> None:
        async with self._room:
            started = time.perf_counter_ns()
            try:
                body = await _handled(request_type, handler, message)
                await self.connection.publish(message.reply, body)  # fails when it is larger than the server takes
            except Refused as refusal:
                await self._send_refusal(message, refusal)
                endpoint.count(time.perf_counter_ns() - started)
            except NotAnswered as unanswered:
                await self._send_error(message, unanswered.fault)
                endpoint.count(time.perf_counter_ns() - started, unanswered.fault)
            except Exception as error:  # noqa: BLE001  # the edge of the bus
                log.warn("bus.handler_failed", subject=endpoint.subject, error=error)
                await self._send_error(message, Fault.BROKEN)
                endpoint.count(time.perf_counter_ns() - started, Fault.BROKEN)
            else:
                endpoint.count(time.perf_counter_ns() - started)

    async def _send_refusal(self, message: Msg, refusal: Refused) -> None:
        headers = {ERROR: refusal.code, ERROR_CODE: "409", IS_REFUSAL: "1"}
        await self.connection.publish(message.reply, json.dumps(refusal.details).encode(), headers=headers)

    async def _send_error(self, message: Msg, fault: Fault) -> None:
        headers = {ERROR: fault.value, ERROR_CODE: str(FAULT_CODES[fault])}
        await self.connection.publish(message.reply, b"", headers=headers)

    async def _answer_discovery(self) -> None:
        async def asked(message: Msg) -> None:
            await self.connection.publish(message.reply, self._card.answer(message.subject))

        for subject in self._card.subjects():
            self._subscriptions.append(await self.connection.subscribe(subject, cb=asked))

    async def ping(self, service: str, seconds: float = 1.0) -> bool:
        """Whether any replica of a service answers the service protocol's PING."""
        try:
            await self.connection.request(f"$SRV.PING.{service}", b"", timeout=seconds)
        except nats.errors.Error:
            return False
        return True

    async def tell(self, broadcast: Broadcast) -> None:
        """Say it once to whoever listens. Raises `NotAnswered` when it cannot be said."""
        try:
            await self.connection.publish(broadcast.subject, broadcast.model_dump_json().encode())
        except (nats.errors.Error, OSError):
            raise NotAnswered(Fault.UNAVAILABLE) from None

    async def hear(self, kind: type[Heard], handler: Callable[[Heard], Awaitable[None]]) -> None:
        async def arrived(message: Msg) -> None:
            try:
                await handler(kind.model_validate_json(message.data))
            except Exception as error:  # noqa: BLE001  # the edge of the bus
                log.warn("bus.broadcast_failed", subject=kind.subject, error=error)

        self._subscriptions.append(await self.connection.subscribe(kind.subject, cb=arrived))

    async def publish(self, subject: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Put a message on its stream, and return once the stream has it. Raises `NotAnswered`."""
        try:
            await self.connection.jetstream().publish(subject, body, timeout=ASK_SECONDS, headers=dict(headers))
        except (nats.errors.Error, OSError):
            raise NotAnswered(Fault.UNAVAILABLE) from None

    async def follow(self, follower: Follower) -> None:
        """Take events for as long as the bus is open; each is taken until `take` returns, or is set aside."""
        self._keep(self._followers, self._read_stream(follower))

    async def _read_stream(self, follower: Follower) -> None:
        faults: Counter[int] = Counter()
        while True:
            try:
                inbox = f"_INBOX.{self.process}.pull".encode()
                js = self.connection.jetstream()
                reader = await js.pull_subscribe_bind(follower.durable, follower.stream, inbox_prefix=inbox)
                while True:
                    try:
                        messages = await reader.fetch(BATCH, timeout=5)
                    except TimeoutError:  # nothing came: not the end of the stream
                        continue
                    for message in messages:
                        await _take(follower, message, faults)
            except (nats.errors.Error, OSError) as error:
                log.warn("bus.stream_lost", durable=follower.durable, error=error)
                await asyncio.sleep(0.5)

    async def settle(self) -> None:
        """Return once the server knows all that was said and subscribed to before."""
        for _ in range(2):  # nats-py sends a flush's PING ahead of what is pending: the second one comes behind it
            await self.connection.flush()

    async def close(self) -> None:
        """Take nothing new, finish what is in hand (25 seconds at most), and hang up."""
        await end(self._followers)
        for subscription in self._subscriptions:
            if self.connected:
                await subscription.drain()  # type: ignore[no-untyped-call]  # nats-py leaves this one untyped
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=STOP_SECONDS)
        with contextlib.suppress(nats.errors.Error, OSError, RuntimeError):  # the server may be gone before us
            async with asyncio.timeout(HANG_UP_SECONDS):
                if self.connected:
                    await self.settle()
                await self.connection.close()

    def _keep(self, kept: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        kept.add(task)
        task.add_done_callback(kept.discard)


async def _report(error: Exception) -> None:
    log.warn("bus.error", error=error)


async def _handled(request_type: type[Request[Message]], handler: Handler, message: Msg) -> bytes:
    headers = message.headers or {}
    context = Context(headers.get(WHO), headers.get(REQUEST_ID, ""), float(headers.get(DEADLINE, "inf")))
    log.request_id.set(context.request_id)
    if time.time() > context.deadline:
        raise NotAnswered(Fault.TOO_LATE)
    try:
        request = request_type.model_validate_json(message.data)
    except ValidationError:
        raise NotAnswered(Fault.UNREADABLE) from None
    reply = await handler(request, context)
    return reply.model_dump_json().encode()


def _error_of(headers: Mapping[str, str], body: bytes) -> Refused | NotAnswered:
    if IS_REFUSAL in headers:
        return Refused(headers[ERROR], **json.loads(body))
    return NotAnswered(Fault(headers[ERROR]))


async def _take(follower: Follower, message: Msg, faults: Counter[int]) -> None:
    """
    Do one event's work; on failure come back to it later, and after six tries set it aside.

    While something that it needs is away, it waits, however long: that is no fault of the event's, and none of its
    tries. `faults` counts those of this process, by the event's place in the stream.
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
        await _give_up(follower, message, headers, "unreadable")
    except Exception as error:  # noqa: BLE001  # the edge of the bus
        log.warn("bus.event_failed", durable=follower.durable, event_id=headers.get("ce-id"), error=error)
        if is_away(error):
            await message.nak(delay=AWAY_SECONDS)
            return
        faults[place] += 1
        if faults[place] < MAX_DELIVERIES:
            await message.nak(delay=AGAIN_AFTER_SECONDS[faults[place] - 1])
        elif await _give_up(follower, message, headers, type(error).__name__):
            del faults[place]


def is_away(error: Exception) -> bool:
    """Whether an event failed for want of something that will be back."""
    return isinstance(error, NotAnswered) and error.fault in AWAY


def _event_of(follower: Follower, headers: Mapping[str, str], body: bytes) -> Event | None:
    """The event, or None for one of a kind that this follower does not take."""
    for kind in follower.events:
        if headers.get("ce-type", "").endswith(f"-{kind.kind}-{kind.edition}"):
            return kind.model_validate_json(body)
    return None


async def _give_up(follower: Follower, message: Msg, headers: Mapping[str, str], reason: str) -> bool:
    """Whether the event is set aside; where it cannot be kept, it comes again."""
    deliveries = message.metadata.num_delivered
    try:
        await follower.set_aside(headers.get("ce-id", str(UUID(int=0))), message.subject, reason, deliveries)
    except Exception as error:  # noqa: BLE001  # kept on the stream rather than lost
        log.warn("bus.set_aside_failed", durable=follower.durable, error=error)
        await message.nak(delay=AGAIN_AFTER_SECONDS[-1])
        return False
    await message.term()
    return True


async def deployer_connection(url: str, seed: str) -> Client:
    """A connection that may create streams and readers; used by `ics migrate` and `ics up`, never by a service."""
    connection = Client()
    await connection.connect(
        url, name="deployer", nkeys_seed_str=seed, inbox_prefix="_INBOX.deployer", error_cb=_report
    )
    return connection


async def declare_stream(connection: Client, name: str, subjects: Sequence[str], days: int) -> None:
    """Create the stream, or bring it to this shape."""
    wanted = StreamConfig(
        name=name, subjects=list(subjects), max_age=days * 86_400, storage=StorageType.FILE, duplicate_window=120
    )
    js = connection.jetstream()
    try:
        await js.update_stream(wanted)
    except nats.js.errors.NotFoundError:
        await js.add_stream(wanted)


async def declare_consumer(connection: Client, stream: str, durable: str, subjects: Sequence[str]) -> None:
    """Create the durable pull reader, or bring it to this shape; the reader itself sets aside what it cannot do."""
    wanted = ConsumerConfig(
        durable_name=durable,
        filter_subjects=list(subjects),
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=5,
        max_deliver=-1,
        max_ack_pending=256,
    )
    await connection.jetstream().add_consumer(stream, wanted)

"""The bus over NATS: requests, replies, broadcasts, events, and an orderly stop."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from pydantic import ValidationError

from shared import log
from shared.bus.connecting import connect
from shared.bus.following import ReadingProgress, read_stream
from shared.bus.protocol import (
    ASK_SECONDS,
    Context,
    Follower,
    Handler,
    Heard,
    ReaderState,
    Reply,
    StreamPlace,
    StreamState,
)
from shared.bus.streams import look_at_reader, look_at_stream
from shared.discovery import Endpoint, ServiceInfo
from shared.messages import Broadcast, Fault, Message, NotAnswered, Refused, Request
from shared.tasks import end

STOP_SECONDS = 25.0
HANG_UP_SECONDS = 3.0
NOBODY_THERE_SECONDS = 1.0
AT_ONCE = 32
WAITING = 512

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


@dataclass
class NatsBus:
    """The bus over NATS, for one process under its own credential and inbox."""

    process: str
    connection: Client
    _card: ServiceInfo
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _in_hand: set[asyncio.Task[None]] = field(default_factory=set)
    _followers: set[asyncio.Task[None]] = field(default_factory=set)
    _progress: list[tuple[Follower, ReadingProgress]] = field(default_factory=list)
    _subscriptions: list[Subscription] = field(default_factory=list)

    @classmethod
    async def connect(cls, process: str, url: str, seed: str) -> "NatsBus":
        """Connect, or raise `NotAnswered(unavailable)` after ten seconds. Refuse a server older than 2.12."""
        connection = await connect(process, url, seed)
        return cls(process, connection, ServiceInfo(process, secrets.token_hex(8)))

    @property
    def connected(self) -> bool:
        return self.connection.is_connected

    @property
    def reconnects(self) -> int:
        """How often this process has lost the server and found it again."""
        return self.connection.stats["reconnects"]

    async def ask(self, request: Request[Reply], *, who: str | None = None, seconds: float = ASK_SECONDS) -> Reply:
        """
        Return the service's reply. Raise `Refused` with the service's code, or `NotAnswered`.

        Every request can be retried: reads change nothing, and commands have their own id.
        """
        headers = {DEADLINE: str(time.time() + seconds), REQUEST_ID: log.request_id.get() or secrets.token_hex(8)}
        if who:
            headers[WHO] = who
        message = await self._request(request.subject, request.model_dump_json().encode(), headers, seconds)
        if message.headers and ERROR in message.headers:
            raise _error_of(request, message.headers, message.data)
        return request.read_reply(message.data)

    async def _request(self, subject: str, body: bytes, headers: dict[str, str], seconds: float) -> Msg:
        give_up = time.monotonic() + min(seconds, NOBODY_THERE_SECONDS)
        while True:
            try:
                if not self.connected:
                    raise nats.errors.NoRespondersError
                return await self.connection.request(subject, body, timeout=seconds, headers=headers)
            except nats.errors.NoRespondersError:  # no service received it, so a retry is safe
                if time.monotonic() > give_up:
                    raise NotAnswered(Fault.UNAVAILABLE) from None
                await asyncio.sleep(0.05)
            except nats.errors.MaxPayloadError:
                raise NotAnswered(Fault.UNREADABLE) from None
            except (nats.errors.Error, OSError):
                raise NotAnswered(Fault.TOO_LATE) from None

    async def answer(self, request_type: type[Request[Message]], handler: Handler) -> None:
        """Answer this request until the bus closes, together with the other replicas of the service."""
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
                await self.connection.publish(message.reply, body)  # fails if the reply exceeds the server's limit
            except Refused as refusal:
                if not request_type.names(refusal):
                    log.warn("bus.refusal_not_named", subject=endpoint.subject, code=refusal.code)
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
        await self.connection.publish(message.reply, refusal.details.model_dump_json().encode(), headers=headers)

    async def _send_error(self, message: Msg, fault: Fault) -> None:
        headers = {ERROR: fault.value, ERROR_CODE: str(FAULT_CODES[fault])}
        await self.connection.publish(message.reply, b"", headers=headers)

    async def _answer_discovery(self) -> None:
        async def asked(message: Msg) -> None:
            await self.connection.publish(message.reply, self._card.answer(message.subject))

        for subject in self._card.subjects():
            self._subscriptions.append(await self.connection.subscribe(subject, cb=asked))

    async def ping(self, service: str, seconds: float = 1.0) -> bool:
        """Return whether any replica of a service answers the service protocol's PING."""
        try:
            await self.connection.request(f"$SRV.PING.{service}", b"", timeout=seconds)
        except nats.errors.Error:
            return False
        return True

    async def tell(self, broadcast: Broadcast) -> None:
        """Broadcast once to the processes that listen. Raise `NotAnswered` when the message cannot be sent."""
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

    async def publish(self, subject: str, body: bytes, headers: Mapping[str, str]) -> StreamPlace:
        """Put a message on its stream, and return once the stream has stored it. Raise `NotAnswered` if it cannot."""
        if not self.connected:
            raise NotAnswered(Fault.UNAVAILABLE)
        try:
            stored = await self.connection.jetstream().publish(
                subject, body, timeout=ASK_SECONDS, headers=dict(headers)
            )
        except nats.errors.MaxPayloadError:
            raise NotAnswered(Fault.UNREADABLE) from None
        except (nats.errors.Error, OSError):
            raise NotAnswered(Fault.UNAVAILABLE) from None
        return StreamPlace(stored.seq, is_duplicate=bool(stored.duplicate))

    async def look_at_stream(self, name: str) -> StreamState:
        """Return what a stream holds now. Raise `NotAnswered` if it is not there, or NATS does not answer soon."""
        return await look_at_stream(self.connection, name)

    async def follow(self, follower: Follower) -> None:
        """Handle events until the bus closes. Each event is retried until `take` returns, or is set aside."""
        progress = ReadingProgress()
        self._progress.append((follower, progress))
        self._keep(self._followers, read_stream(self.connection, f"_INBOX.{self.process}", follower, progress))

    async def look_at_readers(self) -> list[ReaderState]:
        """Return how far each reader of this process has come. Raise `NotAnswered` if NATS does not answer soon."""
        return [
            ReaderState(
                follower.durable,
                await look_at_reader(self.connection, follower.stream, follower.durable),
                progress.stalled(),
            )
            for follower, progress in self._progress
        ]

    async def settle(self) -> None:
        """Return once the server has processed all earlier messages and subscriptions."""
        for _ in range(2):  # nats-py sends a flush's PING before pending data: the second PING follows it
            await self.connection.flush()

    async def close(self) -> None:
        """Stop taking requests, finish running work (within 25 seconds), and close the connection."""
        await end(self._followers)
        for subscription in self._subscriptions:
            if self.connected:
                await subscription.drain()  # type: ignore[no-untyped-call]  # nats-py leaves this one untyped
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=STOP_SECONDS)
        with contextlib.suppress(nats.errors.Error, OSError, RuntimeError):  # the server may have closed first
            async with asyncio.timeout(HANG_UP_SECONDS):
                if self.connected:
                    await self.settle()
                await self.connection.close()

    def _keep(self, kept: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        kept.add(task)
        task.add_done_callback(kept.discard)


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


def _error_of(request: Request[Message], headers: Mapping[str, str], body: bytes) -> Refused | NotAnswered:
    if IS_REFUSAL in headers:
        return request.read_refusal(headers[ERROR], body)
    return NotAnswered(Fault(headers[ERROR]))

"""A mail server that gives scripted answers at each stage, and keeps the mails that it accepted."""

import asyncio
import email
import email.policy
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal

from aiosmtpd.smtp import SMTP, Envelope, Session

Stage = Literal["MAIL", "RCPT", "DATA"]

HANG_UP = "hang up"
SAY_NOTHING = "say nothing"  # at MAIL: leave the client without an answer
TAKE_AND_HANG_UP = "take and hang up"  # at DATA: accept the mail and close the connection without an answer
LONGEST_WAIT = 10.0


@dataclass(frozen=True)
class Taken:
    """A mail that the server accepted."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    raw: bytes

    @property
    def text(self) -> str:
        return str(self.message.get_content())

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])


@dataclass
class ScriptedServer:
    """
    Listens on loopback, on the same port after each start.

    The answers given to `will_answer` for a stage are used once each, in order. The answer given to `will_refuse` is
    for the next mail to one address. After that, the server accepts everything. Every DATA command takes `slowness`
    seconds.
    """

    port: int = 0
    slowness: float = 0.0
    taken: list[Taken] = field(default_factory=list)
    connections: int = 0
    _begun: int = 0
    _script: dict[Stage, list[str]] = field(default_factory=lambda: defaultdict(list))
    _refused: dict[str, str] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _open: list[SMTP] = field(default_factory=list)

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self.hang_up()

    def hang_up(self) -> None:
        """Close every connection, and go on listening."""
        for each in self._open:
            _cut(each)
        self._open.clear()

    def will_answer(self, stage: Stage, *answers: str) -> None:
        self._script[stage].extend(answers)

    def will_refuse(self, recipient: str, answer: str) -> None:
        self._refused[recipient.lower()] = answer

    async def has_taken(self, count: int, seconds: float = LONGEST_WAIT) -> list[Taken]:
        """Wait until the server has accepted this many mails, and return all that it accepted."""
        await self._until(lambda: len(self.taken) >= count, seconds)
        return self.taken

    async def has_begun(self, count: int) -> None:
        """Wait until this many DATA commands have begun or ended."""
        await self._until(lambda: self._begun >= count, LONGEST_WAIT)

    async def _until(self, holds: Callable[[], bool], seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    def recipients(self) -> list[str]:
        return [recipient for each in self.taken for recipient in each.recipients]

    def _protocol(self) -> SMTP:
        protocol = SMTP(self, hostname="mail.example", ident="scripted", loop=asyncio.get_running_loop())
        self._open.append(protocol)
        self.connections += 1
        return protocol

    def _next(self, stage: Stage) -> str:
        return self._script[stage].pop(0) if self._script[stage] else "250 OK"

    async def handle_MAIL(  # noqa: N802 - the name by which aiosmtpd calls it
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = _said(server, self._next("MAIL"))
        if answer == SAY_NOTHING:
            await asyncio.sleep(LONGEST_WAIT)
        if answer.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(  # noqa: N802 - the name by which aiosmtpd calls it
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: Iterable[str]
    ) -> str:
        refused = self._refused.pop(address.lower(), None)
        answer = _said(server, refused or self._next("RCPT"))
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer

    async def handle_DATA(  # noqa: N802 - the name by which aiosmtpd calls it
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self._begun += 1
        self._changed.set()
        await asyncio.sleep(self.slowness)
        answer = self._next("DATA")
        if answer.startswith("250") or answer == TAKE_AND_HANG_UP:
            self._take(envelope)
        return _said(server, answer)

    def _take(self, envelope: Envelope) -> None:
        raw = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        message = email.message_from_bytes(raw, policy=email.policy.default)
        self.taken.append(Taken(envelope.mail_from or "", tuple(envelope.rcpt_tos), message, raw))
        self._changed.set()


def _said(server: SMTP, answer: str) -> str:
    if answer in (HANG_UP, TAKE_AND_HANG_UP):
        _cut(server)
    return answer


def _cut(server: SMTP) -> None:
    if isinstance(server.transport, asyncio.Transport):
        server.transport.abort()

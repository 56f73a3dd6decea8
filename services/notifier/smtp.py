"""Hand mails to the mail server, over one connection for each, and return the server's answer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as FOR_SMTP
from email.utils import format_datetime
from pathlib import Path

import aiosmtplib

from services.notifier.rules import ServerAnswer, Stage
from services.notifier.settings import NotifierSettings, Security
from services.notifier.store import MailInHand
from shared.log import warn

CONNECT_SECONDS = 15.0
WHOLE_SECONDS = 50.0  # a sender always finishes before its lease of 60 seconds ends
GOODBYE_SECONDS = 2.0


@dataclass(frozen=True)
class Route:
    """The address of the mail server, the log-in to it, and the sender's name."""

    host: str
    port: int
    security: Security
    user: str | None = field(repr=False)
    password: str | None = field(repr=False)
    ca_file: Path | None
    mail_from: str
    mail_address: str
    mail_host: str

    @classmethod
    def of(cls, settings: NotifierSettings) -> "Route":
        password = settings.smtp_password
        return cls(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.security,
            user=settings.smtp_user,
            password=None if password is None else password.get_secret_value(),
            ca_file=settings.smtp_ca_file,
            mail_from=settings.mail_from,
            mail_address=settings.mail_address,
            mail_host=settings.mail_host,
        )


def write_message(mail: MailInHand, route: Route) -> EmailMessage:
    """Return the message, with the same Message-ID at every attempt so that a second copy can be recognised."""
    message = EmailMessage(policy=FOR_SMTP)
    message["From"] = route.mail_from
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.begun_at)
    message["Message-ID"] = f"<{mail.mail_id}@{route.mail_host}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(mail.body, charset="utf-8", cte="quoted-printable")
    return message


class MailServer:
    """The mail server. A connection is never kept, because a kept one hangs when the server restarts."""

    def __init__(self, route: Route) -> None:
        self._route = route

    @asynccontextmanager
    async def handed(self, mail: MailInHand) -> AsyncIterator[ServerAnswer]:
        """Hand the mail over and yield the answer. Store it in the block, before the slow end of the connection."""
        client = self._client()
        try:
            yield await self._hand_over(client, mail)
            await _say_goodbye(client)
        finally:
            client.close()

    async def _hand_over(self, client: aiosmtplib.SMTP, mail: MailInHand) -> ServerAnswer:
        stage: Stage = "connection"
        content = write_message(mail, self._route).as_bytes()
        try:
            async with asyncio.timeout(WHOLE_SECONDS):
                await client.connect(timeout=CONNECT_SECONDS)
                await client.mail(self._route.mail_address)
                stage = "mail"
                await client.rcpt(mail.recipient)
                answer = await client.data(content)
        except aiosmtplib.SMTPResponseException as refusal:
            warn("smtp.refused", mail_id=str(mail.mail_id), stage=stage, code=refusal.code)
            return ServerAnswer(stage, str(refusal.code))
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            warn("smtp.no_answer", mail_id=str(mail.mail_id), stage=stage, error=error)
            return ServerAnswer(stage, "timed_out" if isinstance(error, TimeoutError) else "no_answer")
        return ServerAnswer(stage, str(answer.code))

    def _client(self) -> aiosmtplib.SMTP:
        route = self._route
        return aiosmtplib.SMTP(
            hostname=route.host,
            port=route.port,
            username=route.user,
            password=route.password,
            local_hostname=route.mail_host,
            timeout=WHOLE_SECONDS,
            use_tls=route.security == "tls",
            start_tls=route.security == "starttls",
            cert_bundle=None if route.ca_file is None else str(route.ca_file),
        )


async def _say_goodbye(client: aiosmtplib.SMTP) -> None:
    if client.is_connected:
        with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            await client.quit(timeout=GOODBYE_SECONDS)

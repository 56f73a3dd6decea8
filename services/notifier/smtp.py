"""Hand mails to the mail server, over a connection that is kept while mails follow one another."""

import asyncio
import contextlib
import time

import aiosmtplib

from services.notifier.claims import MailInHand
from services.notifier.message import write_message
from services.notifier.route import Route
from services.notifier.rules import ServerAnswer, Stage
from shared.log import warn

CONNECT_SECONDS = 15.0
WHOLE_SECONDS = 50.0  # handing over one mail, connection included
KEPT_SECONDS = 5.0  # for the first answer on a kept connection, which hangs if the server has restarted
IDLE_SECONDS = 5.0
GOODBYE_SECONDS = 2.0
MOST_ON_ONE = 20  # mail servers limit the mails on one connection; few allow less
GOING_DOWN = 421
REFUSALS = (4, 5)  # the first digits of answers that refuse

FAULTS = (aiosmtplib.SMTPException, OSError, TimeoutError)


class MailConnection:
    """
    The connection of one sender to the mail server.

    It is closed after `MOST_ON_ONE` mails, and when no mail came for `IDLE_SECONDS`. If the server does not accept the
    next mail's sender on a kept connection, a new connection replaces it at once. Later in a mail it is not replaced,
    because the server may have the mail.
    """

    def __init__(self, route: Route) -> None:
        self._route = route
        self._client: aiosmtplib.SMTP | None = None
        self._handed = 0
        self._used_at = 0.0
        self._to_reset = False

    async def hand_over(self, mail: MailInHand) -> ServerAnswer:
        """Hand the mail over and return the server's answer."""
        content = write_message(mail, self._route)
        stage: Stage = "connection"
        try:
            async with asyncio.timeout(WHOLE_SECONDS):
                client = await self._begin()
                stage = "mail"
                await client.rcpt(mail.recipient)
                answer = await client.data(content)
        except aiosmtplib.SMTPResponseException as refusal:
            warn("smtp.refused", mail_id=str(mail.mail_id), stage=stage, code=refusal.code)
            return self._refused(stage, refusal.code)
        except FAULTS as error:
            warn("smtp.no_answer", mail_id=str(mail.mail_id), stage=stage, error=error)
            self.close()
            return ServerAnswer(stage, "timed_out" if isinstance(error, TimeoutError) else "no_answer")
        except BaseException:  # the state of the connection is not known
            self.close()
            raise
        self._used_at = time.monotonic()
        return ServerAnswer(stage, str(answer.code))

    async def rest(self) -> None:
        """End a connection that has not been used for some seconds. Call this while no mail waits."""
        if self._client is not None and time.monotonic() - self._used_at >= IDLE_SECONDS:
            await self.end()

    async def end(self) -> None:
        """Say goodbye to the server, and close the connection."""
        if self._client is not None and self._client.is_connected:
            with contextlib.suppress(*FAULTS):
                await self._client.quit(timeout=GOODBYE_SECONDS)
        self.close()

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None

    async def _begin(self) -> aiosmtplib.SMTP:
        """Return a connection on which the server has accepted the sender of the next mail."""
        if self._handed >= MOST_ON_ONE:
            await self.end()
        client = await self._begin_on_kept()
        if client is None:
            client = self._client = _client_of(self._route)
            self._handed, self._to_reset = 0, False
            await client.connect(timeout=CONNECT_SECONDS)
            await client.mail(self._route.mail_address)
        self._handed += 1
        return client

    async def _begin_on_kept(self) -> aiosmtplib.SMTP | None:
        """Begin a mail on the kept connection. If there is none that works, return None."""
        client = self._client
        if client is None or not client.is_connected:
            return None
        try:
            async with asyncio.timeout(KEPT_SECONDS):
                if self._to_reset:
                    await client.rset()
                await client.mail(self._route.mail_address)
        except FAULTS:
            self.close()
            return None
        self._to_reset = False
        return client

    def _refused(self, stage: Stage, code: int) -> ServerAnswer:
        """
        Keep the connection only if this mail alone was refused. The next mail then begins with RSET.

        An unexpected answer that is no refusal accepts nothing: it may belong to an earlier command.
        """
        is_refusal = code // 100 in REFUSALS
        if stage == "connection" or code == GOING_DOWN or not is_refusal:
            self.close()
        self._to_reset, self._used_at = True, time.monotonic()
        return ServerAnswer(stage, str(code) if is_refusal else "no_answer")


def _client_of(route: Route) -> aiosmtplib.SMTP:
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

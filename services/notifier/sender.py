"""The senders of a lane, which empty the queue one mail at a time, and the job that ends expired mails."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from services.notifier import rules, store
from services.notifier.context import NotifierContext
from services.notifier.rules import Lane, ServerAnswer
from services.notifier.smtp import MailServer
from services.notifier.store import MailInHand
from shared import audit
from shared.database import DATABASE_FAULTS, DatabasePool, transaction
from shared.ids import new_id
from shared.jobs import Job
from shared.log import log, warn

POLL_SECONDS = 1.0
REST_SECONDS = 1.0
STOP_SECONDS = 8.0


@dataclass(frozen=True)
class Sender:
    """
    One of the senders of a lane. Any number of them may run, in any number of replicas.

    It claims a mail, hands it over outside of any transaction, and writes down the answer. If it is killed with the
    mail in hand, the mail comes back when its lease ends: sent twice only if killed between the server's answer and
    the writing down, and then under the same Message-ID.
    """

    lane: Lane
    context: NotifierContext
    server: MailServer

    @property
    def job(self) -> Job:
        wakeup = self.context.wakeups.lanes[self.lane]
        return Job(f"mail.send_{self.lane}", self.send_next, every=POLL_SECONDS, wakeup=wakeup, finish=STOP_SECONDS)

    async def send_next(self) -> bool:
        """Send the mail that is due first. True when the next may follow: there was one, and the server is there."""
        claim = new_id()
        mail = await store.claim_next(self.context.pool, self.lane, claim)
        if mail is None:
            return False
        return (await self._send(mail, claim)).stage != "connection"

    async def _send(self, mail: MailInHand, claim: UUID) -> ServerAnswer:
        try:
            async with self.server.handed(mail) as answer:
                await self._write_down(mail, claim, answer)
        except Exception as error:  # noqa: BLE001  # one mail that cannot be sent must not stop the others
            warn("mail.broken", mail_id=str(mail.mail_id), error=error)
            answer = ServerAnswer("connection", "broken")
            await self._write_down(mail, claim, answer)
        return answer

    async def _write_down(self, mail: MailInHand, claim: UUID, answer: ServerAnswer) -> None:
        """Try until the database is back: an accepted mail that is not written down would be sent again."""
        while True:
            try:
                return await self._write_once(mail, claim, answer)
            except DATABASE_FAULTS as error:
                warn("mail.not_written_down", mail_id=str(mail.mail_id), error=error)
                await asyncio.sleep(REST_SECONDS)

    async def _write_once(self, mail: MailInHand, claim: UUID, answer: ServerAnswer) -> None:
        following = rules.what_follows(answer, self.lane, mail.attempts, mail.age)
        async with transaction(self.context.pool) as db:
            if isinstance(following, rules.TryAgain):
                await store.mark_later(db, mail.mail_id, claim, answer.code, following.after)
                return
            if await store.mark_ended(db, mail.mail_id, claim, answer.code, following):
                await audit.note(db, None, f"mail.{following}", [mail.mail_id], register=mail.register_code)
        if following != "accepted" and mail.template == "urgent_record":
            self.context.wakeups.urgent_failed.set()
        log(f"mail.{following}", mail_id=str(mail.mail_id), template=mail.template, attempts=mail.attempts)


async def expire(pool: DatabasePool) -> None:
    """End the mails that have come to be of no use."""
    async with transaction(pool) as db:
        expired = await store.expire(db)
        for mail_id, register in expired:
            await audit.note(db, None, "mail.expired", [mail_id], register=register)
    for mail_id, _ in expired:
        log("mail.expired", mail_id=str(mail_id))

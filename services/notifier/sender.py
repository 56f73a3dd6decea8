"""The senders of a lane, which empty the queue one mail at a time, and the job that expires old mails."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from services.notifier import rules, store
from services.notifier.audit_actions import NotifierAction
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

NOTED: dict[rules.Ending, NotifierAction] = {
    "accepted": NotifierAction.MAIL_ACCEPTED,
    "failed": NotifierAction.MAIL_FAILED,
    "given_up": NotifierAction.MAIL_GIVEN_UP,
}


@dataclass(frozen=True)
class Sender:
    """
    One of a lane's senders. Any number of them may run, in any number of replicas.

    A sender claims a mail, hands it over outside any transaction, and stores the answer. If the sender is killed,
    another claims the mail when the lease ends. The mail is sent twice only if the kill comes between the server's
    answer and the commit. Both copies then have the same Message-ID.
    """

    lane: Lane
    context: NotifierContext
    server: MailServer

    @property
    def job(self) -> Job:
        wakeup = self.context.wakeups.lanes[self.lane]
        return Job(f"mail.send_{self.lane}", self.send_next, every=POLL_SECONDS, wakeup=wakeup, finish=STOP_SECONDS)

    async def send_next(self) -> bool:
        """Send the mail that is due first. Return True if there was one and the server can be reached."""
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
        """Retry until the database is back. An accepted mail whose answer is not stored would be sent again."""
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
                await audit.note(db, None, NOTED[following], [mail.mail_id], register=mail.register_code)
        if following != "accepted" and mail.template == "urgent_record":
            self.context.wakeups.urgent_failed.set()
        log(f"mail.{following}", mail_id=str(mail.mail_id), template=mail.template, attempts=mail.attempts)


async def expire(pool: DatabasePool) -> None:
    """End the mails that have passed their expiry time."""
    async with transaction(pool) as db:
        expired = await store.expire(db)
        for mail_id, register in expired:
            await audit.note(db, None, NotifierAction.MAIL_EXPIRED, [mail_id], register=register)
    for mail_id, _ in expired:
        log("mail.expired", mail_id=str(mail_id))

"""The senders of a lane, which empty the queue a few mails at a time, and the job that expires old mails."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from services.notifier import claims, rules, store
from services.notifier.audit_actions import NotifierAction
from services.notifier.claims import MailInHand
from services.notifier.context import NotifierContext
from services.notifier.rules import Lane, ServerAnswer
from services.notifier.smtp import MailConnection
from services.notifier.wakeups import LaneWakeup
from shared import audit
from shared.database import DATABASE_FAULTS, DatabasePool, transaction
from shared.ids import new_id
from shared.jobs import Job
from shared.log import log, warn

POLL_SECONDS = 1.0
REST_SECONDS = 1.0
STOP_SECONDS = 8.0

# Mails that a sender claims at once. A user waits for each mail of the lane "now", so none waits behind another there.
AT_ONCE: dict[Lane, int] = {"now": 1, "bulk": 5}
# How long after the claim a sender may begin a mail. Together with the time for one mail, this is less than the lease.
BEGIN_SECONDS = 2.0
GATHER_SECONDS: dict[Lane, float] = {"now": 0.0, "bulk": 0.1}


@dataclass(frozen=True)
class Sender:
    """
    One of a lane's senders. Any number of them may run, in any number of replicas.

    A sender claims a few mails. It hands them over outside any transaction, one after another, and stores each answer
    before it begins the next. If the sender is killed, others claim its mails when the lease ends. A mail is sent twice
    only if the kill comes between the server's answer and the commit. Both copies then have the same Message-ID.
    """

    lane: Lane
    context: NotifierContext
    connection: MailConnection
    clock: Callable[[], float] = time.monotonic

    @property
    def job(self) -> Job:
        return Job(
            f"mail.send_{self.lane}",
            self.look,
            every=POLL_SECONDS,
            wakeup=self._lane.event,
            gather=GATHER_SECONDS[self.lane],
            finish=STOP_SECONDS,
        )

    @property
    def _lane(self) -> LaneWakeup:
        return self.context.wakeups.lanes[self.lane]

    async def look(self) -> bool:
        """Send the mails that are due, unless a sender of this process has just found that none is left."""
        if not self._lane.is_empty(self.clock(), POLL_SECONDS):
            return await self.send_next()
        await self.connection.rest()
        return False

    async def send_next(self) -> bool:
        """
        Send the mails that have been due for longest. Return True if more may be due and the server can be reached.
        """
        claim, since = new_id(), self.clock()
        mails = await self._claim(claim)
        if not mails:
            await self.connection.rest()
            return False
        answers = await self._send_in_time(mails, claim, since)
        if left := mails[len(answers) :]:
            await claims.release(self.context.background, claim, left)
        if sum(answer.is_accepted for answer in answers) < len(mails):
            self._lane.may_have_more()
        reached = all(answer.stage == "mail" for answer in answers)
        return reached and not self._lane.is_empty(self.clock(), POLL_SECONDS)

    async def _claim(self, claim: UUID) -> list[MailInHand]:
        before = self._lane.before_claim()
        mails = await claims.claim_due(self.context.background, self.lane, claim, AT_ONCE[self.lane])
        if len(mails) < AT_ONCE[self.lane]:
            self._lane.found_empty(before, self.clock())
        return mails

    async def _send_in_time(self, mails: list[MailInHand], claim: UUID, since: float) -> list[ServerAnswer]:
        """Send claimed mails until time is up or the server cannot be reached. Return an answer for each one begun."""
        answers: list[ServerAnswer] = []
        for mail in mails:
            if not self._may_begin(mail, since):
                break
            answers.append(await self._send(mail, claim))
            if answers[-1].stage == "connection":
                break
        return answers

    def _may_begin(self, mail: MailInHand, since: float) -> bool:
        """Check that the claim is fresh and that the mail has not expired since."""
        waited = self.clock() - since
        return waited < BEGIN_SECONDS and (mail.expires_in is None or waited < mail.expires_in.total_seconds())

    async def _send(self, mail: MailInHand, claim: UUID) -> ServerAnswer:
        try:
            answer = await self.connection.hand_over(mail)
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
        if isinstance(following, rules.TryAgain):
            await claims.mark_later(self.context.background, mail.mail_id, claim, answer.code, following.after)
            return
        await claims.mark_ended(self.context.background, mail.mail_id, claim, answer.code, following)
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

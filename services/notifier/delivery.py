"""Requests of administrators: list the mails about their records, and send one again."""

from dataclasses import dataclass

from services.notifier import store
from services.notifier.audit_actions import NotifierAction
from services.notifier.context import NotifierContext
from services.notifier.rules import Lane, NeverAMail
from services.notifier.store import ABOVE_ALL
from services.notifier.writing import Written
from shared import audit
from shared.commands import carry_out
from shared.contracts.notifier import MAILS_AT_ONCE, ListMails, MailPage, SendAgain
from shared.database import Database, transaction
from shared.messages import Nothing, Refused, must_find
from shared.permissions import Visitor

ENDED_BADLY = frozenset({"failed", "given_up"})


@dataclass(frozen=True)
class Delivery:
    """Handlers of administrators' requests."""

    context: NotifierContext

    async def list_mails(self, visitor: Visitor, asked: ListMails) -> MailPage:
        async with transaction(self.context.pool, visitor) as db:
            before = ABOVE_ALL if asked.before is None else await store.find_place(db, visitor, asked.before)
            if before is None:
                raise Refused("not_found")
            found = await store.list_mails(db, visitor, before, MAILS_AT_ONCE + 1, undelivered=asked.undelivered)
            shown = found[:MAILS_AT_ONCE]
            await audit.note(db, visitor, NotifierAction.MAIL_LISTED, [each.mail_id for each in shown])
        return MailPage(mails=shown, more=len(found) > len(shown))

    async def send_again(self, visitor: Visitor, asked: SendAgain) -> Nothing:
        lanes: list[Lane] = []

        async def act(db: Database) -> Nothing:
            lanes.append(await self._queue_again(db, visitor, asked))
            return Nothing()

        answer = await carry_out(self.context.pool, visitor, asked, act)
        for lane in lanes:
            self.context.wakeups.lanes[lane].set()
        return answer

    async def _queue_again(self, db: Database, visitor: Visitor, asked: SendAgain) -> Lane:
        """
        Queue an ended mail again. Its text is written from the current definition, because the old text is deleted.
        """
        mail = must_find(await store.hold_mail(db, visitor, asked.mail_id))
        if mail.state not in ENDED_BADLY:
            raise Refused("not_ended")
        await store.queue_again(db, asked.mail_id, self._written(visitor, mail))
        await audit.note(db, visitor, NotifierAction.MAIL_SENT_AGAIN, [asked.mail_id])
        return mail.lane

    def _written(self, visitor: Visitor, mail: store.Ended) -> Written:
        register = self.context.registers.find(visitor.register_code)
        try:
            return self.context.mails.writer.notice(
                register, mail.template, mail.mail_code, mail.reference, mail.record_id
            )
        except NeverAMail:
            raise Refused("no_words") from None

"""Requests of administrators: list the mails about their records, and send one again."""

from dataclasses import dataclass

from services.notifier import ended, store
from services.notifier.audit_actions import NotifierAction
from services.notifier.context import NotifierContext
from services.notifier.ended import Ended
from services.notifier.moves import RecordHasMoved
from services.notifier.rules import Lane, NeverAMail
from services.notifier.store import ABOVE_ALL
from services.notifier.writing import Written
from shared import audit
from shared.commands import carry_out, unless_repeated
from shared.contracts.notifier import MAILS_AT_ONCE, CountUndelivered, ListMails, MailPage, SendAgain, UndeliveredMails
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

    async def count_undelivered(self, visitor: Visitor, _asked: CountUndelivered) -> UndeliveredMails:
        async with transaction(self.context.pool, visitor) as db:
            return UndeliveredMails(total=await store.count_undelivered(db, visitor))

    async def send_again(self, visitor: Visitor, asked: SendAgain) -> Nothing:
        """Send an ended mail again, if its recipient may still be told about the record."""

        async def run() -> Nothing:
            while True:
                mail = await self._mail_to_send(visitor, asked)
                try:
                    return await self._send(visitor, asked, mail)
                except RecordHasMoved:
                    continue

        return await unless_repeated(self.context.pool, visitor, asked, run)

    async def _mail_to_send(self, visitor: Visitor, asked: SendAgain) -> Ended:
        """Return the mail. Refused if it has not ended, or if its recipient is no longer told about the record."""
        async with transaction(self.context.pool, visitor) as db:
            mail = await _find_ended(db, visitor, asked)
        if not await self.context.mails.is_still_told(self.context.registers.find(visitor.register_code), mail):
            raise Refused("not_recipient")
        return mail

    async def _send(self, visitor: Visitor, asked: SendAgain, seen: Ended) -> Nothing:
        """
        Queue the mail again. Raise `RecordHasMoved` if the record has other bodies than when the recipient was checked.
        """
        lanes: list[Lane] = []

        async def act(db: Database) -> Nothing:
            await ended.hold(db, asked.mail_id, seen.record_id)
            mail = await _find_ended(db, visitor, asked)
            if mail.compartment != seen.compartment:
                raise RecordHasMoved
            await ended.queue_again(db, asked.mail_id, self._written(visitor, mail))
            await audit.note(db, visitor, NotifierAction.MAIL_SENT_AGAIN, [asked.mail_id])
            lanes.append(mail.lane)
            return Nothing()

        answer = await carry_out(self.context.pool, visitor, asked, act)
        for lane in lanes:
            self.context.wakeups.lanes[lane].set()
        return answer

    def _written(self, visitor: Visitor, mail: Ended) -> Written:
        """Write the mail from the current definition, because the old text is deleted."""
        register = self.context.registers.find(visitor.register_code)
        try:
            return self.context.mails.writer.notice(
                register, mail.template, mail.mail_code, mail.reference, mail.record_id
            )
        except NeverAMail:
            raise Refused("no_words") from None


async def _find_ended(db: Database, visitor: Visitor, asked: SendAgain) -> Ended:
    mail = must_find(await ended.find(db, visitor, asked.mail_id))
    if mail.state not in ENDED_BADLY:
        raise Refused("not_ended")
    return mail

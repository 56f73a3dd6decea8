"""One function per message: what becomes a mail, for whom."""

import asyncio
import secrets
from dataclasses import replace
from uuid import UUID

from services.notifier import rules, store
from services.notifier.rules import Lane, NeverAMail
from services.notifier.store import MailInHand, NewMail
from services.notifier.writing import Writer, Written
from shared import audit
from shared.contracts.health import Backlog, ReadNotifierBacklog
from shared.contracts.notifier import QueueMail
from shared.contracts.referrals import RecordNotice, UrgentNotice
from shared.database import Database, DatabasePool, transaction
from shared.inbox import SetAside, count_set_aside, is_new
from shared.log import warn
from shared.messages import Nothing
from shared.outbox import count_unsent
from shared.permissions import Caller
from shared.registers.definition import Urgency
from shared.registers.load import Registers

NOTICES = "notifier--notice"

Bells = dict[Lane, asyncio.Event]


class Handlers:
    """What the notifier does with what it is asked and told."""

    def __init__(self, pool: DatabasePool, registers: Registers, writer: Writer, bells: Bells) -> None:
        self._pool = pool
        self._registers = registers
        self._writer = writer
        self._bells = bells
        self._set_aside = SetAside(pool, "mail")

    async def queue_mail(self, _caller: Caller, asked: QueueMail) -> Nothing:
        try:
            mail = self._mail_of(asked)
        except NeverAMail as fault:
            warn("mail.set_aside", mail_id=str(asked.letter_id), template=asked.template, reason=fault.reason)
            await self._set_aside(str(asked.letter_id), asked.subject, fault.reason, 1)
            return Nothing()
        async with transaction(self._pool) as db:
            await _queue(db, mail)
        self._bells[mail.lane].set()
        return Nothing()

    def _mail_of(self, asked: QueueMail) -> NewMail:
        return NewMail(
            mail_id=asked.letter_id,
            register_code=asked.register_code,
            template=asked.template,
            lane=rules.lane_of(asked.template),
            recipient=rules.recipient_of(asked.recipient),
            written=self._writer.letter(asked),
            expires_at=asked.expires_at,
        )

    async def record_notice(self, notice: RecordNotice) -> None:
        """Tell everybody whom the register's definition names, once. Raises for a register that is not known here."""
        mails = self._mails_about(notice)
        if not mails:
            warn("notice.nobody_told", event_id=str(notice.event_id), register_code=notice.register_code)
        async with transaction(self._pool) as db:
            if not await is_new(db, NOTICES, notice):
                return
            for mail in mails:
                await _queue(db, mail)
        for mail in mails:
            self._bells[mail.lane].set()

    def _mails_about(self, notice: RecordNotice) -> list[NewMail]:
        register = self._registers.find(notice.register_code)
        urgency: Urgency = "urgent" if isinstance(notice, UrgentNotice) else "routine"
        mails: dict[str, NewMail] = {}
        for rule in rules.rules_for(register, notice.occasion, urgency):
            written = self._writer.notice(register, rule, notice.reference, notice.record_id)
            template: rules.RecordTemplate = "urgent_record" if rule.urgent else "new_record"
            lane = rules.lane_of(template)
            for recipient in rules.recipients_of(rule, register.contact):
                mail = NewMail(new_id(), register.code, template, lane, recipient, written)
                mails.setdefault(recipient, mail)
        return list(mails.values())

    async def urgent_mail_failed(self, db: Database, mail: MailInHand) -> None:
        """An urgent record is never missed: what could not be delivered to one address goes to others, once."""
        known = mail.instead_of is None and mail.register_code in self._registers
        others = rules.others_to_tell(self._registers.find(mail.register_code), mail.recipient) if known else []
        if not others:
            warn("mail.urgent_not_delivered", mail_id=str(mail.mail_id), register_code=mail.register_code)
        for recipient in others:
            text = Written(mail.subject, mail.body)
            other = NewMail(new_id(), mail.register_code, "urgent_record", "now", recipient, text)
            await _queue(db, replace(other, instead_of=mail.mail_id))
        self._bells["now"].set()

    async def read_backlog(self, _asked: ReadNotifierBacklog) -> Backlog:
        unsent = await count_unsent(self._pool) + await store.count_waiting(self._pool)
        return Backlog(unsent=unsent, set_aside=await count_set_aside(self._pool))


async def _queue(db: Database, mail: NewMail) -> None:
    if await store.add_mail(db, mail):
        await audit.note(db, None, "mail.queued", [mail.mail_id], register=mail.register_code)


def new_id() -> UUID:
    return UUID(bytes=secrets.token_bytes(16))

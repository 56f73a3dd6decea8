"""Escalation: if an urgent mail does not get through in time, other people are mailed once."""

from dataclasses import dataclass, replace
from datetime import timedelta

from services.notifier import adding, moves, rules, store
from services.notifier.adding import About, NewMail
from services.notifier.audit_actions import NotifierAction
from services.notifier.context import NotifierContext
from services.notifier.moves import RecordHasMoved
from services.notifier.store import NotThrough
from shared import audit
from shared.database import Database, transaction
from shared.installation import held_because
from shared.jobs import Job
from shared.log import warn
from shared.messages import NotAnswered
from shared.registers.bodies import compartment_of
from shared.registers.definition.register import Definition

LOOK_SECONDS = 5.0
MOST_AT_ONCE = 100


@dataclass(frozen=True)
class MailEscalation:
    """
    Looks for urgent mails that failed, or that the mail relay has not accepted within the register's `urgent_minutes`.

    It then mails the people whom the register names for an unseen urgent record. The first mail is still retried. Any
    number of replicas may look. A person who was already mailed about the same notice is not mailed again.
    """

    context: NotifierContext

    @property
    def job(self) -> Job:
        return Job("mail.escalate", self.look, every=LOOK_SECONDS, wakeup=self.context.wakeups.urgent_failed)

    async def look(self) -> None:
        if await held_because(self.context.background) is not None:  # no mail leaves, so that none is late
            return
        for register in self.context.registers.newest():
            before = self.context.clock() - timedelta(minutes=register.lifecycle.urgent_minutes)
            found = await store.find_not_through(self.context.background, register.code, before, MOST_AT_ONCE)
            try:
                for mail in found:
                    await self._tell_others(register, mail)
            except NotAnswered as unanswered:  # the mails wait for the next look
                warn("escalation.not_answered", register_code=register.code, fault=unanswered.fault.value)

    async def _tell_others(self, register: Definition, mail: NotThrough) -> None:
        """Tell the people of the bodies that share the record now. If it moves meanwhile, the next look tells them."""
        try:
            await self._tell(register, mail, await self._others(register, mail))
        except RecordHasMoved:
            return

    async def _others(self, register: Definition, mail: NotThrough) -> list[NewMail]:
        """
        Return mails to all who are named for an unseen urgent record.

        They use the words of the first mail if the register still has them.
        """
        wanted = rules.rules_for(register, "urgent_not_seen", "urgent")
        named = await self.context.mails.recipients(register, mail.about.compartment.bodies, wanted)
        said = mail.about.mail_code if register.mail(mail.about.mail_code) else None
        return [self._instead(register, mail, recipient, said or rule.mail) for recipient, rule in named.items()]

    def _instead(self, register: Definition, mail: NotThrough, recipient: str, mail_code: str) -> NewMail:
        about = replace(mail.about, mail_code=mail_code)
        return replace(self.context.mails.write(register, "urgent_record", recipient, about), instead_of=mail.mail_id)

    async def _tell(self, register: Definition, mail: NotThrough, others: list[NewMail]) -> None:
        async with transaction(self.context.background) as db:
            told = await store.begin_telling_others(db, mail)
            if told is None:
                return
            await _check_unmoved(db, register, mail.about)
            fresh = [each for each in others if each.recipient not in told]
            for each in fresh:
                await adding.add_mail(db, each)
            await audit.note(db, None, NotifierAction.MAIL_OTHERS_TOLD, [mail.mail_id], register=register.code)
        if not fresh:
            warn("mail.urgent_not_delivered", mail_id=str(mail.mail_id), register_code=register.code)
        self.context.wakeups.set_for(fresh)


async def _check_unmoved(db: Database, register: Definition, about: About) -> None:
    """Raise `RecordHasMoved` unless the record is where it was. Keep it there until the transaction ends."""
    await moves.hold_record(db, about.record_id)
    moved_to = await moves.find_moved_to(db, about.record_id, about.version)
    if moved_to and compartment_of(register.code, moved_to) != about.compartment:
        raise RecordHasMoved

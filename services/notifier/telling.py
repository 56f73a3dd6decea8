"""Turn notices about a record into mails to all recipients whom the register's definition names."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.notifier import rules
from services.notifier.adding import About, NewMail
from services.notifier.ended import Ended
from services.notifier.recipients import AddressBook, needs_identity
from services.notifier.writing import Writer
from shared.contracts.actions import ActionsDue
from shared.contracts.outcomes import OutcomeTold, UrgentNotSeen
from shared.contracts.referrals.events import (
    RecordMoved,
    RecordNotice,
    RecordsHandedOver,
    RecordsLoaded,
    UrgentNotice,
)
from shared.contracts.referrals.reviews import ReviewNamed, ReviewsDue
from shared.ids import new_id
from shared.registers.bodies import compartment_of
from shared.registers.definition.lifecycle import Notification, Occasion, Urgency
from shared.registers.definition.register import Definition
from shared.registers.load import Registers

Notice = RecordNotice | UrgentNotSeen | OutcomeTold
AnyNotice = Notice | RecordMoved | RecordsLoaded | RecordsHandedOver | ActionsDue | ReviewsDue


@dataclass(frozen=True)
class Happened:
    """What happened to a record, its urgency, and who submitted it if known."""

    occasion: Occasion
    urgency: Urgency
    submitted_by: UUID | None = None

    @classmethod
    def of(cls, notice: Notice) -> "Happened":
        if isinstance(notice, UrgentNotSeen):
            return cls("urgent_not_seen", "urgent")
        if isinstance(notice, OutcomeTold):
            return cls("outcome_recorded", "routine", notice.recipient)
        urgency = "urgent" if isinstance(notice, UrgentNotice) else notice.urgency
        return cls(notice.occasion, urgency, notice.submitted_by)


@dataclass(frozen=True)
class MailWriter:
    """Finds the recipients and writes the mails in the register's words. Stores nothing."""

    registers: Registers
    writer: Writer
    book: AddressBook

    def asks_identity(self, notice: Notice) -> bool:
        """Check whether identity must name recipients of a notice. Only then do they depend on the record's bodies."""
        register, happened = self.registers.find(notice.register_code), Happened.of(notice)
        return needs_identity(rules.rules_for(register, happened.occasion, happened.urgency), happened.submitted_by)

    async def mails_about(self, notice: Notice) -> list[NewMail]:
        """Return the mails about a notice. Raise if the register is unknown, or if identity does not answer."""
        register = self.registers.find(notice.register_code)
        happened = Happened.of(notice)
        wanted = rules.rules_for(register, happened.occasion, happened.urgency)
        told = await self.recipients(register, notice.bodies, wanted, happened.submitted_by)
        return [self._mail(register, notice, happened, rule, each) for each, rule in told.items()]

    async def mails_about_upload(self, loaded: RecordsLoaded) -> list[NewMail]:
        """Return the mails to the register's team and to the uploader. Raise if identity does not answer."""
        register = self.registers.find(loaded.register_code)
        uploader = await self.book.find_user(register.code, loaded.bodies, loaded.uploaded_by)
        wanted = (register.contact.team_email, *([uploader] if uploader else []))
        addresses = dict.fromkeys(rules.recipient_of(each) for each in wanted)
        written = self.writer.loaded(register, loaded)
        return [NewMail(new_id(), register.code, "records_loaded", "bulk", each, written) for each in addresses]

    async def mails_about_hand_over(self, handed: RecordsHandedOver) -> list[NewMail]:
        """
        Return the mail to the colleague who is told, or none: if the register tells no colleague of a new holder, or if
        they may no longer see the records. Raise if identity does not answer.
        """
        register = self.registers.find(handed.register_code)
        if not rules.names(rules.rules_for(register, handed.occasion, "routine"), "colleague"):
            return []
        address = await self.book.find_user(register.code, handed.bodies, handed.told)
        if address is None:
            return []
        written = self.writer.handed_over(register, handed)
        recipient = rules.recipient_of(address)
        return [NewMail(new_id(), register.code, "records_handed_over", "bulk", recipient, written)]

    async def mail_about_actions(self, due: ActionsDue) -> NewMail:
        """
        Return the mail to the colleague, or to the team's mailbox: also if the colleague has no account any more.

        Raise if identity does not answer.
        """
        register = self.registers.find(due.register_code)
        colleague = await self.book.find_colleague(register.code, due.bodies, due.recipient) if due.recipient else None
        recipient = rules.recipient_of(colleague or register.contact.team_email)
        written = self.writer.actions_due(register, due, has_left=due.recipient is not None and colleague is None)
        return NewMail(new_id(), register.code, "actions_due", "bulk", recipient, written)

    async def mails_about_reviews(self, due: ReviewsDue) -> list[NewMail]:
        """
        Return one mail to the holder, about the records that they may still see, and one to each creator of the others.

        Nobody is mailed of a record that neither may see any more. Raise if identity does not answer.
        """
        register = self.registers.find(due.register_code)
        told: dict[str, list[ReviewNamed]] = {}
        known: dict[tuple[UUID, tuple[str, ...]], str | None] = {}
        for each in due.reviews:
            if (each.created_by, each.bodies) not in known:
                known[each.created_by, each.bodies] = await self._who_reviews(register, due.holder, each)
            address = known[each.created_by, each.bodies]
            if address:
                told.setdefault(rules.recipient_of(address), []).append(each)
        left = due.total - len(due.reviews) if len(told) == 1 else 0
        return [
            NewMail(
                new_id(),
                register.code,
                "reviews_due",
                "bulk",
                each,
                self.writer.reviews_due(register, due, named, left),
            )
            for each, named in told.items()
        ]

    async def _who_reviews(self, register: Definition, holder: UUID, named: ReviewNamed) -> str | None:
        for user_id in dict.fromkeys((holder, named.created_by)):
            if address := await self.book.find_user(register.code, named.bodies, user_id):
                return address
        return None

    async def recipients(
        self, register: Definition, bodies: tuple[str, ...], wanted: Sequence[Notification], user_id: UUID | None = None
    ) -> dict[str, Notification]:
        """Return each address with the first of these rules that names it."""
        found = await self.book.find(register.code, bodies, wanted, user_id)
        return rules.recipients_of(wanted, register.contact, found)

    async def is_still_told(self, register: Definition, mail: Ended) -> bool:
        """Check that the recipient of a mail is still among those whom the register names for its occasion."""
        occasion: Occasion = "urgent_not_seen" if mail.instead else mail.occasion
        wanted = rules.rules_of(register, occasion)
        return mail.recipient in await self.recipients(register, mail.compartment.bodies, wanted, mail.submitted_by)

    def _mail(
        self, register: Definition, notice: Notice, happened: Happened, rule: Notification, recipient: str
    ) -> NewMail:
        about = About(
            notice_id=notice.event_id,
            compartment=compartment_of(notice.register_code, notice.bodies),
            record_id=notice.record_id,
            reference=notice.reference,
            occasion=happened.occasion,
            mail_code=rule.mail,
            version=notice.version,
            submitted_by=happened.submitted_by,
        )
        return self.write(register, rules.template_of(rule), recipient, about)

    def write(self, register: Definition, template: rules.RecordTemplate, recipient: str, about: About) -> NewMail:
        """Return a mail about a record. Raise `NeverAMail` when the register no longer has these words."""
        written = self.writer.notice(register, template, about.mail_code, about.reference, about.record_id)
        return NewMail(new_id(), register.code, template, rules.lane_of(template), recipient, written, about=about)

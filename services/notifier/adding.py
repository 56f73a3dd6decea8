"""The queries that add mails to the queue: for a notice about a record, or for a request."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.notifier import moves
from services.notifier.rules import AnyTemplate, Lane
from services.notifier.writing import Written
from shared.contracts.notifier import Occasion
from shared.contracts.outcomes import OutcomeTold, UrgentNotSeen
from shared.contracts.referrals.events import RecordNotice
from shared.database import Database, DatabasePool, as_json
from shared.registers.bodies import Compartment, compartment_of


@dataclass(frozen=True)
class About:
    """
    The record that a mail is about, by ids and reference; what happened; and the code of the words used.

    `submitted_by` is the user who submitted the record, if the notice named them.

    If the record moved after `version`, the mail lies where it moved to, and not in `compartment`.
    """

    notice_id: UUID
    compartment: Compartment
    record_id: UUID
    reference: str
    occasion: Occasion
    mail_code: str
    version: int = 0
    submitted_by: UUID | None = None


@dataclass(frozen=True, repr=False)
class NewMail:
    """
    A mail to be queued. Without `about` it concerns the recipient's account.

    `instead_of`: the undelivered urgent mail that this mail replaces.
    """

    mail_id: UUID
    register_code: str
    template: AnyTemplate
    lane: Lane
    recipient: str
    written: Written
    expires_at: datetime | None = None
    instead_of: UUID | None = None
    about: About | None = None


@dataclass(frozen=True, repr=False)
class MailRow:
    """A mail as the database function reads it. The fields from `notice_id` on are None without a record."""

    mail_id: UUID
    register_code: str
    template: AnyTemplate
    lane: Lane
    recipient: str
    subject: str
    body: str
    expires_at: datetime | None
    instead_of: UUID | None
    notice_id: UUID | None
    compartment_id: UUID | None
    record_id: UUID | None
    reference: str | None
    occasion: Occasion | None
    mail_code: str | None
    submitted_by: UUID | None

    @classmethod
    def of(cls, mail: NewMail) -> "MailRow":
        about = mail.about
        return cls(
            mail_id=mail.mail_id,
            register_code=mail.register_code,
            template=mail.template,
            lane=mail.lane,
            recipient=mail.recipient,
            subject=mail.written.subject,
            body=mail.written.body,
            expires_at=mail.expires_at,
            instead_of=mail.instead_of,
            notice_id=about.notice_id if about else None,
            compartment_id=about.compartment.compartment_id if about else None,
            record_id=about.record_id if about else None,
            reference=about.reference if about else None,
            occasion=about.occasion if about else None,
            mail_code=about.mail_code if about else None,
            submitted_by=about.submitted_by if about else None,
        )


ADD_MAILS = "SELECT add_mails($1)"
TAKE_NOTICE = "SELECT take_notice($1, $2, $3, $4, $5, $6)"


async def add_mail(db: Database, mail: NewMail) -> None:
    """Queue a mail where its record lies now, and audit it. A mail whose id was queued before is not queued again."""
    if mail.about is not None:
        mail = replace(mail, about=await _where_it_lies(db, mail.register_code, mail.about))
    await db.execute(ADD_MAILS, as_json([MailRow.of(mail)]))


async def _where_it_lies(db: Database, register_code: str, about: About) -> About:
    """Return the record with its present compartment, which stays so until the transaction ends."""
    await moves.hold_record(db, about.record_id)
    moved_to = await moves.find_moved_to(db, about.record_id, about.version)
    return replace(about, compartment=compartment_of(register_code, moved_to)) if moved_to else about


async def take_notice(
    pool: DatabasePool, consumer: str, notice: RecordNotice | UrgentNotSeen | OutcomeTold, mails: Sequence[NewMail]
) -> tuple[str, ...]:
    """
    Queue the mails about a notice, once, and audit each.

    If the record has moved to other bodies since, queue nothing and return these.
    """
    bodies = compartment_of(notice.register_code, notice.bodies).bodies
    about = (notice.record_id, notice.version, bodies)
    rows = as_json([MailRow.of(mail) for mail in mails])
    return tuple(await pool.fetchval(TAKE_NOTICE, consumer, notice.event_id, *about, rows) or ())

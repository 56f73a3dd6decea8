"""What may be asked of the notifier."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.messages import Command, Letter, Message, Nothing, Process, Request

Template = Literal["welcome", "already_registered", "pin", "reminder", "locked", "password_changed", "role_changed"]
Occasion = Literal["record_created", "rating_changed", "urgent_not_seen", "outcome_recorded", "record_ended"]
Delivery = Literal["waiting", "accepted", "failed", "given_up", "expired"]

MAILS_AT_ONCE = 25


class QueueMail(Letter):
    """
    Send one mail to a person about their own account, once for its letter id.

    `values` fill the template, one line each; the content is forgotten when the mail server has it. After `expires_at`
    it is not sent any more: a PIN that comes late is of no use. A letter that can never become a mail is set aside,
    where operations count it, and not refused: sending it again would not mend it.
    """

    subject: ClassVar[str] = "ask.notifier.queue_mail"
    asked_by: ClassVar[tuple[Process, ...]] = ("identity",)

    register_code: str
    template: Template
    recipient: str = Field(max_length=320, repr=False)
    values: dict[str, str] = Field(repr=False)
    expires_at: datetime | None = None


class MailShown(Message):
    """
    One mail about a record, and what has become of it. `since`: when it was accepted, refused or given up.

    `answer` is the mail relay's last one: its code, or a word of ours where there was none. `instead`: it goes in the
    place of one that was not delivered in time.
    """

    mail_id: UUID
    occasion: Occasion
    record_id: UUID
    reference: str
    recipient: str = Field(repr=False)
    urgent: bool
    instead: bool
    delivery: Delivery
    tries: int
    answer: str | None
    queued_at: datetime
    since: datetime | None


class MailPage(Message):
    """Mails, the newest first; with `more` there are older ones, which are asked for `before` the last of these."""

    mails: tuple[MailShown, ...]
    more: bool


class ListMails(Request[MailPage]):
    """
    The mails of 90 days about records of the asker's register and organisations: 25, from the newest or `before` one.

    `undelivered`: those alone that the mail relay has not accepted. Mails about accounts are never among them. Audited.
    Refused as `not_found` when there is no mail `before`, or none that the asker may see.
    """

    subject: ClassVar[str] = "ask.notifier.list_mails"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    undelivered: bool = False
    before: UUID | None = None


class SendAgain(Command[Nothing]):
    """
    Write and send a mail about a record once more that has failed, or was given up.

    Refused as `not_found`; as `not_ended` when it waits or was accepted; as `no_words` when the register does not have
    such a mail any more.
    """

    subject: ClassVar[str] = "ask.notifier.send_again"
    refusals: ClassVar[tuple[str, ...]] = ("not_found", "not_ended", "no_words")

    mail_id: UUID

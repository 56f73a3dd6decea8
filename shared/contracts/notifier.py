"""The requests of the notifier."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.messages import Command, Letter, Message, Nothing, Process, Request

Template = Literal[
    "welcome",
    "already_registered",
    "joined",
    "pin",
    "reminder",
    "locked",
    "locked_to_strangers",
    "password_changed",
    "role_changed",
    "app_added",
    "app_removed",
    "app_reset",
    "recovery_code_used",
    "recovery_codes_renewed",
    "name_changed",
]
Occasion = Literal[
    "record_created",
    "rating_changed",
    "urgent_not_seen",
    "outcome_recorded",
    "record_ended",
    "record_left",
    "holder_named",
    "holder_replaced",
    "cover_begun",
    "cover_ended",
]
Delivery = Literal["waiting", "accepted", "failed", "given_up", "expired"]

MAILS_AT_ONCE = 25


class QueueMail(Letter):
    """
    Send one mail to a user about their own account. Idempotent by the letter id.

    `values` fill the template, one line each. The content is deleted once the mail server has accepted it. After
    `expires_at` it is not sent any more: a late PIN is useless.

    A letter that can never become a mail is set aside, where operators count it. It is not refused, because a retry
    would not help.
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
    One mail about a record, and its delivery. `since`: when it was accepted, refused or given up.

    `answer` is the last answer of the mail relay: its code, or our own word if there was none. `instead`: it replaces a
    mail that was not delivered in time.
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
    """Mails, newest first. With `more`, request older ones `before` the last of these."""

    mails: tuple[MailShown, ...]
    more: bool


class UndeliveredMails(Message):
    total: int


class CountUndelivered(Request[UndeliveredMails]):
    """Count the mails that `ListMails` lists and that are not tried any more. Not audited: it shows no mail."""

    subject: ClassVar[str] = "ask.notifier.count_undelivered"


class ListMails(Request[MailPage]):
    """
    List the mails of 90 days about records of the asker's register and organisations.

    25 at a time, from the newest or `before` one. `undelivered`: only those that the mail relay has not accepted. Mails
    about accounts are never included. Audited. Refused as `not_found` when the asker cannot see the mail in `before`,
    or it does not exist.
    """

    subject: ClassVar[str] = "ask.notifier.list_mails"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    undelivered: bool = False
    before: UUID | None = None


class SendAgain(Command[Nothing]):
    """
    Write a mail about a record again and send it, after it failed or was given up.

    Refused as `not_found`, as `not_ended` when it waits or was accepted, as `no_words` when the register no longer has
    the mail's text, or as `not_recipient` when its recipient is no longer among those who are told about the record.
    """

    subject: ClassVar[str] = "ask.notifier.send_again"
    refusals: ClassVar[tuple[str, ...]] = ("not_found", "not_ended", "no_words", "not_recipient")

    mail_id: UUID

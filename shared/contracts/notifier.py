"""What may be asked of the notifier."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from shared.messages import Letter, Process

Template = Literal["welcome", "already_registered", "pin", "reminder", "locked", "password_changed"]


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

"""Records that a spreadsheet put on the register without evidence of consent (R-LOAD-003)."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.referrals.loading import LONGEST_AUTHORITY, UploadShown
from shared.messages import Command, Message, Refusals, Request
from shared.typed import TypedText

CONSENTS_ON_A_PAGE = 25
MOST_DAYS_DUE = 366


class NameConsentAuthority(Command[UploadShown]):
    """
    Name the authority by which the rows of an upload without evidence of consent may go onto the register all the same.

    The rows are then checked again, and those are no longer errors. Consent is to be confirmed by `due_on`, which is
    after today and at most `MOST_DAYS_DUE` days away. It may be named again until the rows are processed. Another
    mapping takes it back, since it may mean other rows.

    Refused as `not_found`, `not_checked` (the upload's state), `no_rows` (none lacks evidence of consent), `due_on`,
    `empty` (the words have no letter or digit), or `not_officer`: where the register offers the grant of a privacy
    officer, only its holder names an authority.
    """

    subject: ClassVar[str] = "ask.referrals.name_consent_authority"
    refusals: ClassVar[Refusals] = ("not_found", "not_checked", "no_rows", "due_on", "empty", "not_officer")

    upload_id: UUID
    words: TypedText = Field(max_length=LONGEST_AUTHORITY, repr=False)
    due_on: date


class ConsentToConfirm(Message):
    """An open record whose consent is to be confirmed by `due_on`. `named_by` said the `authority` at `named_at`."""

    record_id: UUID
    reference: str
    name: str = Field(repr=False)
    due_on: date
    authority: str = Field(repr=False)
    named_by: str = Field(repr=False)
    named_at: datetime


class ConsentCount(Message):
    """How many records of the asker wait for this, and how many of them are past their date."""

    waiting: int = 0
    overdue: int = 0


class ConsentsToConfirm(Message):
    """A page of the list, those that are due first. `count` is about the whole list."""

    records: tuple[ConsentToConfirm, ...] = Field(max_length=CONSENTS_ON_A_PAGE, repr=False)
    count: ConsentCount


class ListConsentsToConfirm(Request[ConsentsToConfirm]):
    """
    List the records in the asker's sight whose consent is to be confirmed. Audited with the ids shown.

    A record is on the list until an update answers the questions about consent, or it ends.
    """

    subject: ClassVar[str] = "ask.referrals.list_consents_to_confirm"

    page: int = Field(default=1, ge=1, le=10_000)


class CountConsentsToConfirm(Request[ConsentCount]):
    """Count these records, for the home page. Not audited: it shows no person."""

    subject: ClassVar[str] = "ask.referrals.count_consents_to_confirm"

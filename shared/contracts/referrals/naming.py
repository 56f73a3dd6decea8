"""Names for records that another service knows by id alone."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.messages import Message, Request

MOST_NAMED = 150
LONGEST_UPDATE = 400


class NamedRecord(Message):
    """
    An active record, as a row of another service's list names it.

    `latest_update` is the beginning of that text. `stands` says that no other record of the same person in the asker's
    scope is more urgent, so that a list may show the person once.
    """

    record_id: UUID
    name: str = Field(repr=False)
    born: date | None = Field(default=None, repr=False)
    reference: str
    rating: str | None
    rated_at: datetime
    lead_professional: str = Field(repr=False)
    lead_professional_contact: str = Field(default="", repr=False)
    latest_update: str = Field(default="", repr=False)
    stands: bool = True


class NamedRecords(Message):
    """The records found, in no particular order."""

    records: tuple[NamedRecord, ...] = Field(repr=False)


class NameRecords(Request[NamedRecords]):
    """Name the active records in the asker's scope, and leave out the others. Audited with the ids named."""

    subject: ClassVar[str] = "ask.referrals.name_records"

    record_ids: tuple[UUID, ...] = Field(max_length=MOST_NAMED)

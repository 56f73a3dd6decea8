"""Names for records that another service knows by id alone."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.messages import Message, Request

MOST_NAMED = 100


class NamedRecord(Message):
    """An active record, as a row of another service's list names it."""

    record_id: UUID
    name: str = Field(repr=False)
    born: date | None = Field(default=None, repr=False)
    reference: str
    rating: str | None
    rated_at: datetime
    lead_professional: str = Field(repr=False)


class NamedRecords(Message):
    """The records found, in no particular order."""

    records: tuple[NamedRecord, ...] = Field(repr=False)


class NameRecords(Request[NamedRecords]):
    """Name the active records in the asker's scope, and leave out the others. Audited with the ids named."""

    subject: ClassVar[str] = "ask.referrals.name_records"

    record_ids: tuple[UUID, ...] = Field(max_length=MOST_NAMED)

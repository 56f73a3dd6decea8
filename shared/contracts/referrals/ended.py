"""Records that have ended: of people who are on the register again, and found by NHS number."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.messages import Message, Request
from shared.typed import TypedLine

MOST_BEFORE = 200
MOST_FOUND = 20


class EndedRecord(Message):
    """A record that has ended, `ended_id`, and the record `record_id` that seems to be about the same person."""

    record_id: UUID
    ended_id: UUID
    reference: str
    ended_at: datetime


class EndedBefore(Message):
    """The records found, the last ended first."""

    records: tuple[EndedRecord, ...]


class ListEndedBefore(Request[EndedBefore]):
    """
    List the ended records of the people whom these records are about, as far as the asker may see both.

    They are matched as duplicates are, or linked as one person's. Only the roles that may open ended records are
    answered. Audited with the ids shown.
    """

    subject: ClassVar[str] = "ask.referrals.list_ended_before"

    record_ids: tuple[UUID, ...] = Field(max_length=100)


class EndedPerson(Message):
    """A record that has ended, with what tells its person from others."""

    record_id: UUID
    reference: str
    name: str = Field(repr=False)
    born: date | None = Field(default=None, repr=False)
    organisation_id: UUID
    ended_at: datetime


class EndedPeople(Message):
    """The records found, the last ended first, up to `MOST_FOUND`."""

    records: tuple[EndedPerson, ...] = Field(repr=False)


class FindEnded(Request[EndedPeople]):
    """
    Find the ended records in scope by NHS number, with or without spaces or hyphens, as the list's search reads it.

    For administrators whose register lets them open ended records. Refused as `unreadable` when the text is no such
    number. Audited as a search, without the number.
    """

    subject: ClassVar[str] = "ask.referrals.find_ended"
    refusals: ClassVar[tuple[str, ...]] = ("unreadable",)

    nhs_number: TypedLine = Field(max_length=100, repr=False)

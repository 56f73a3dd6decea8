"""Records that have ended: listed, found, and those of people who are on the register again."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.referrals.answers import Answers
from shared.messages import Message, Request
from shared.typed import TypedLine

MOST_BEFORE = 200
MOST_FOUND = 20
ENDED_PAGE = 25


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


class EndedShown(EndedPerson):
    """A record of the list of those that have ended: who ended it, if a user did, and why, if that was asked."""

    ended_by: str = Field(default="", repr=False)
    leaving: Answers = Field(default={}, repr=False)


class EndedList(Message):
    """A page of records that have ended, the last ended first. `more`: there are others after these."""

    records: tuple[EndedShown, ...] = Field(repr=False)
    more: bool


class ListEnded(Request[EndedList]):
    """
    List `ENDED_PAGE` records that have ended, after the first `skip`.

    `search` is by name, NHS number, date of birth or reference, as in the list of records. Only the roles that may open
    ended records are answered. Audited with the ids shown, without the search.
    """

    subject: ClassVar[str] = "ask.referrals.list_ended"

    search: TypedLine = Field(default="", max_length=100, repr=False)
    skip: int = Field(default=0, ge=0, le=100_000)


class ReturnedRecord(Message):
    """A record that was added for a person whose earlier record had ended. `ended_at` is set if it has ended too."""

    record_id: UUID
    reference: str
    created_at: datetime
    ended_at: datetime | None = None


class Returned(Message):
    """The records found, the last added first."""

    records: tuple[ReturnedRecord, ...]


class ListReturned(Request[Returned]):
    """
    List the records that were added again for the person of a record that has ended, as far as the asker sees both.

    Only the roles that may open ended records are answered. Audited with the ids shown.
    """

    subject: ClassVar[str] = "ask.referrals.list_returned"

    record_id: UUID

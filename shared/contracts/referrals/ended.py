"""Records that have ended, of people who are on the register again."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.messages import Message, Request

MOST_BEFORE = 200


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

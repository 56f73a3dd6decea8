"""The feed of records that other services copy."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.messages import Message, Process, Request


class Rated(Message):
    """A level of the rating, and since when the record had it. `code` is empty where the question was not answered."""

    since: datetime
    code: str


class FedRecord(Message):
    """
    A record for a read copy. `sequence` is the place of its last change in the feed.

    `organisation_id` is the organisation that submitted it; `bodies` make its compartment. `state` is the register's
    word for its state; only records that are open count and are listed.

    `answers` is the JSON object of the answers as it is stored, so that nobody has to read it who only passes it on.

    `leaving` is the JSON object of why it was archived, where that was asked.

    `ratings` holds every level that it has had, in order. It is empty in a register without a rating.

    `holder` is the user who holds it: who created it, unless another was named. Records that are linked as one person
    have the same `person_id`. `sort_name` is the text by which lists sort people.

    `next_review` is the day agreed for the next review, and `review_agreed_at` when; see `review_due`.
    """

    sequence: int
    record_id: UUID
    register_code: str
    edition: str
    reference: str
    version: int
    organisation_id: UUID
    bodies: tuple[str, ...]
    state: str
    is_open: bool
    created_by: str = Field(repr=False)
    created_at: datetime
    updated_at: datetime
    rated_at: datetime
    ended_at: datetime | None
    born: date | None = Field(repr=False)
    answers: str = Field(repr=False)
    leaving: str = Field(default="{}", repr=False)
    ratings: tuple[Rated, ...] = Field(default=(), repr=False)
    holder: str = Field(default="", repr=False)
    person_id: UUID | None = None
    sort_name: str = Field(default="", repr=False)
    next_review: date | None = None
    review_agreed_at: datetime | None = None


class FeedPage(Message):
    """
    One page of the feed, under 512 KB unless one record alone is larger. `gone` are deleted records.

    Request the next page after `last`; without `more` there is none for now.
    """

    records: tuple[FedRecord, ...] = Field(repr=False)
    gone: tuple[UUID, ...] = ()
    last: int
    more: bool


class ReadFeed(Request[FeedPage]):
    """
    Read every record of every register committed after a place in the feed (from zero: all), each in its present state.

    A record that changes again moves to the end. Not audited: the service with the copy audits what users read of it.
    """

    subject: ClassVar[str] = "ask.referrals.read_feed"
    asked_by: ClassVar[tuple[Process, ...]] = ("reports",)

    after: int = Field(default=0, ge=0)

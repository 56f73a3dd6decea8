"""What other services copy of the records."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.referrals.answers import Answers
from shared.messages import Message, Process, Request


class Rated(Message):
    """A level of the rating, and since when a record had it. `code` is empty where the question was not answered."""

    since: datetime
    code: str


class FedRecord(Message):
    """
    A record as a read copy holds it. `sequence` says where its last change stands in the feed.

    `ratings` is every level that it has had, in order; nothing in a register without a rating.
    """

    sequence: int
    record_id: UUID
    register_code: str
    edition: str
    reference: str
    version: int
    organisation_id: UUID
    status: Literal["active", "archived"]
    created_by: str = Field(repr=False)
    created_at: datetime
    updated_at: datetime
    rated_at: datetime
    archived_at: datetime | None
    born: date | None = Field(repr=False)
    answers: Answers = Field(repr=False)
    ratings: tuple[Rated, ...] = Field(default=(), repr=False)


class FeedPage(Message):
    """
    One page of the feed, under 512 KB unless one record alone is larger. `gone` are records that are no more.

    The next page is read after `last`; without `more` there is none for now.
    """

    records: tuple[FedRecord, ...] = Field(repr=False)
    gone: tuple[UUID, ...] = ()
    last: int
    more: bool


class ReadFeed(Request[FeedPage]):
    """
    Every record of every register that was committed after a place in the feed, each as it is now; all, from zero.

    A record that is changed again moves to the end. Not audited: what people read of the copy is.
    """

    subject: ClassVar[str] = "ask.referrals.read_feed"
    asked_by: ClassVar[tuple[Process, ...]] = ("reports",)

    after: int = Field(default=0, ge=0)

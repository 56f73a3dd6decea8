"""The list of reviews that are due, and how many there are."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.messages import Event, Message, Process, Request

MOST_DUE = 1_000
DUE_AT_ONCE = 25
MOST_IN_NOTICE = 100

Due = Literal["overdue", "soon"]
"""`overdue`: the day of the review is over. `soon`: it is today or one of the next seven days."""


class DueReview(Message):
    """A record whose review is due on `due_on`. `holder` is who holds it. `may_review`: the asker may confirm it."""

    record_id: UUID
    version: int
    reference: str
    name: str = Field(repr=False)
    born: date | None = Field(default=None, repr=False)
    rating: str | None = None
    rated_at: datetime
    due_on: date
    holder: str = Field(repr=False)
    may_review: bool = False


class DueReviews(Message):
    """One page of them, the first due first. Up to `MOST_DUE` are counted; with `capped` there are more."""

    rows: tuple[DueReview, ...] = Field(default=(), repr=False)
    matches: int = 0
    capped: bool = False


class ListDueReviews(Request[DueReviews]):
    """
    List the reviews that are due of the records in the asker's scope. None are due in a register that does not review.

    Audited with the ids shown. Refused as `unknown_register` where the service does not have the register.
    """

    subject: ClassVar[str] = "ask.referrals.list_due_reviews"
    refusals: ClassVar[tuple[str, ...]] = ("unknown_register",)

    due: Due = "overdue"
    page: int = Field(default=1, ge=1, le=MOST_DUE // DUE_AT_ONCE)


class DueCounts(Message):
    """How many reviews are due in the asker's scope, each up to one more than `MOST_DUE`."""

    overdue: int = 0
    soon: int = 0


class ReviewNamed(Message):
    """A review that a reminder names: the reference of its record, its day, the record's bodies and its creator."""

    reference: str
    due_on: date
    bodies: tuple[str, ...]
    created_by: UUID


class ReviewsDue(Event):
    """
    A notice for the notifier alone: reviews that the holder of their records is reminded of.

    `reviews` are the first of `total`. It has an id of its own as `record_id`, and says nothing about the people.
    """

    family: ClassVar[Literal["event", "notice"]] = "notice"
    kind: ClassVar[str] = "reviews"
    told_by: ClassVar[Process] = "referrals"
    followed_by: ClassVar[tuple[Process, ...]] = ("notifier",)

    holder: UUID
    reviews: tuple[ReviewNamed, ...]
    total: int

"""The list of records, and the search in it."""

from datetime import date, datetime
from typing import ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.contracts.referrals.answers import Answers
from shared.contracts.referrals.reviews import Due
from shared.messages import Message, Request
from shared.typed import TypedLine

MOST_MATCHES = 250
MOST_SORTED = 1_000
LAST_NUMBERED_PAGE = 100

Sort = Literal["updated", "created", "name", "rating", "review"]
"""The sort order: dates newest first, names by family name from A, ratings the most urgent first, reviews first due."""


class RecordRow(Message):
    """
    One row of the list. The page formats its dates.

    `answers` are those of the register's additional columns, as codes. It ends on `ends_on`, unless it is still
    `awaiting` decisions of bodies. Its next review is due on `review_due`, if that can be said.
    """

    record_id: UUID
    name: str = Field(repr=False)
    organisation_id: UUID
    locality: str
    rating: str | None
    created_at: datetime
    updated_at: datetime
    rated_at: datetime
    created_by: str = Field(repr=False)
    answers: Answers = Field(default={}, repr=False)
    ended_at: datetime | None = None
    ends_on: date | None = None
    awaiting: bool = False
    review_due: date | None = None


class RecordPage(Message):
    """
    One page of the list. `first` is the number of its first row (0 for no rows), `total` counts all in scope.

    `matches` counts the results of search and filters. With `capped`, there are more, and these are the first of them.
    `sort` and `turned` (reversed) say how the rows are sorted. More than `MOST_SORTED` rows stay in order of their last
    update.
    """

    rows: tuple[RecordRow, ...] = Field(repr=False)
    first: int
    matches: int
    total: int
    capped: bool = False
    sort: Sort = "updated"
    turned: bool = False

    @property
    def sortable(self) -> bool:
        return not self.capped and self.matches <= MOST_SORTED


class RowPlace(Message):
    """The position of a row in the list, which is sorted by the time of the last update."""

    updated_at: datetime
    record_id: UUID


class Narrowing(Message):
    """
    Filters: only records with one of these ratings, localities and organisations, as codes and ids. Empty: any.

    `reviews`: only records whose review is due in one of these ways.
    """

    ratings: tuple[str, ...] = Field(default=(), max_length=20)
    localities: tuple[str, ...] = Field(default=(), max_length=200)
    organisation_ids: tuple[UUID, ...] = Field(default=(), max_length=500)
    reviews: tuple[Due, ...] = Field(default=(), max_length=2)

    @property
    def by_answers(self) -> bool:
        return bool(self.ratings or self.localities or self.reviews)

    @property
    def is_any(self) -> bool:
        return self.by_answers or bool(self.organisation_ids)


class ListRecords(Request[RecordPage]):
    """
    List active records in the asker's scope, the last updated first, or search them by name.

    A search finds records whose name contains every word of `search`. A word of one or two letters is compared with the
    beginning of a name. A reference finds its record.

    Up to `MOST_SORTED` records can be sorted (`turned`: in reverse). More keep the order of the last update. If filters
    by rating or locality leave more, they are counted as `MOST_SORTED` and `capped`.

    Pages are numbered from 1. Page 100 is the last that can be requested by number. Further pages are requested `after`
    the last row of the page before, or `before` the first row of the page behind. This costs the same at any depth.

    `ended` lists the records that have ended instead, the last first, in numbered pages. Only the roles that the
    register names for it are answered.

    Audited with the ids shown. Refused as `unknown_register` where the service does not have the register.
    """

    subject: ClassVar[str] = "ask.referrals.list_records"
    refusals: ClassVar[tuple[str, ...]] = ("unknown_register",)

    search: TypedLine = Field(default="", max_length=100, repr=False)
    page: int = Field(default=1, ge=1, le=1_000_000)
    length: Literal[10, 25, 50, 100] = 10
    after: RowPlace | None = None
    before: RowPlace | None = None
    narrowing: Narrowing = Narrowing()
    sort: Sort = "updated"
    turned: bool = False
    ended: bool = False

    @property
    def is_by_review(self) -> bool:
        """Whether the list is filtered or sorted by the next review."""
        return bool(self.narrowing.reviews) or self.sort == "review"

    @property
    def is_plain(self) -> bool:
        """Whether the list has the default order and no filter by answers."""
        return self.sort == "updated" and not self.turned and not self.narrowing.by_answers

    @model_validator(mode="after")
    def _is_reachable(self) -> Self:
        placed = (self.after is None) != (self.before is None)
        if (self.after or self.before) and (not placed or self.search or not self.is_plain):
            raise ValueError("a page comes after a row or before one, and not of what is found, narrowed or sorted")
        if self.ended and (placed or self.search or not self.is_plain or self.narrowing.is_any):
            raise ValueError("records that have ended are listed by page alone")
        if self.page > LAST_NUMBERED_PAGE and not placed:
            raise ValueError("a page so far down is asked for by the row beside it")
        return self

"""The list of records, and the search in it."""

from datetime import datetime
from typing import ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.messages import Message, Request

MOST_MATCHES = 250
LAST_NUMBERED_PAGE = 100


class RecordRow(Message):
    """One line of the list, ready to be shown; dates are for the page to format."""

    record_id: UUID
    name: str = Field(repr=False)
    organisation_id: UUID
    locality: str
    rating: str | None
    created_at: datetime
    updated_at: datetime
    rated_at: datetime
    created_by: str


class RecordPage(Message):
    """
    One page of the list. `first` is the number of its first row (0 for no rows), `total` counts all in scope.

    `matches` counts what the search finds; when it is `capped`, there are more, and these are the first of them.
    """

    rows: tuple[RecordRow, ...] = Field(repr=False)
    first: int
    matches: int
    total: int
    capped: bool = False


class RowPlace(Message):
    """Where a row stands in the list, which goes by the time of the last update."""

    updated_at: datetime
    record_id: UUID


class ListRecords(Request[RecordPage]):
    """
    Active records in the asker's scope, the last updated first, or those whose name contains every word of `search`.

    A word of one or two letters is looked for at the beginning of a name. A reference finds its record. Pages are
    numbered from 1. Page 100 is the last that can be asked for by number; further ones are asked for `after` the last
    row of the page before, or `before` the first row of the page behind, which costs the same however deep. The reading
    is audited with the ids shown.
    """

    subject: ClassVar[str] = "ask.referrals.list_records"

    search: str = Field(default="", max_length=100, repr=False)
    page: int = Field(default=1, ge=1, le=1_000_000)
    length: Literal[10, 25, 50, 100] = 10
    after: RowPlace | None = None
    before: RowPlace | None = None

    @model_validator(mode="after")
    def _is_reachable(self) -> Self:
        placed = (self.after is None) != (self.before is None)
        if (self.after or self.before) and (not placed or self.search):
            raise ValueError("a page comes after a row or before one, and not of a search")
        if self.page > LAST_NUMBERED_PAGE and not placed:
            raise ValueError("a page so far down is asked for by the row beside it")
        return self

"""Records that look like one person: the pairs that were found, and what the register's team says of them."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.messages import Command, Message, Request

DuplicateVerdict = Literal["linked", "dismissed"]


class SameRecord(Message):
    """Another active record of a record's person."""

    record_id: UUID
    reference: str
    organisation_id: UUID
    rating: str | None


class RecordCompared(Message):
    """One of two records, as far as it takes to say whether they are about one person."""

    record_id: UUID
    reference: str
    name: str = Field(repr=False)
    born: date | None = Field(repr=False)
    nhs_number: str | None = Field(repr=False)
    postcode: str | None = Field(repr=False)
    organisation_id: UUID
    rating: str | None
    created_at: datetime


class PossibleDuplicate(Message):
    """Two active records that look like one person."""

    found_at: datetime
    one: RecordCompared
    other: RecordCompared


class PossibleDuplicates(Message):
    """The pairs that have waited longest; `total` counts all that wait."""

    pairs: tuple[PossibleDuplicate, ...]
    total: int


class ListDuplicates(Request[PossibleDuplicates]):
    """The pairs that nobody has decided about, and of which the asker may see both records. Audited."""

    subject: ClassVar[str] = "ask.referrals.list_duplicates"


class DuplicateCount(Message):
    total: int


class CountDuplicates(Request[DuplicateCount]):
    """How many pairs wait for the asker. Not audited, since nobody is read of."""

    subject: ClassVar[str] = "ask.referrals.count_duplicates"


class DuplicateDecision(Message):
    """What was decided about a pair. `before`: by somebody earlier, so that this time nothing was changed."""

    verdict: DuplicateVerdict
    decided_by: str
    decided_at: datetime
    before: bool


class DecideDuplicate(Command[DuplicateDecision]):
    """
    Say that two records are about one person, or are not. The first decision stands.

    Refused as `not_found` unless the asker may see both and they were found to look alike.
    """

    subject: ClassVar[str] = "ask.referrals.decide_duplicate"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    one: UUID
    other: UUID
    verdict: DuplicateVerdict

"""Likely duplicates: the pairs of records that were found, and what the register's team decides about them."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.messages import Command, Message, Request
from shared.registers.definition.lifecycle import Likeness

DuplicateVerdict = Literal["linked", "dismissed"]


class SameRecord(Message):
    """Another active record of the same person."""

    record_id: UUID
    reference: str
    organisation_id: UUID
    rating: str | None


class LinkedRecords(Message):
    """A record that is linked with others as one person's, and the ratings of those others."""

    record_id: UUID
    ratings: tuple[str, ...]


class LinkedPeople(Message):
    """Those of the records that are linked."""

    records: tuple[LinkedRecords, ...]


class ListLinked(Request[LinkedPeople]):
    """List which of these active records are linked with other active ones in the asker's scope. Audited."""

    subject: ClassVar[str] = "ask.referrals.list_linked"

    record_ids: tuple[UUID, ...] = Field(max_length=100)


class RecordCompared(Message):
    """One record of a pair, with the data needed to decide whether both are about one person."""

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
    """Two active records that look like one person. `why` is given where no rule for duplicates found them."""

    found_at: datetime
    one: RecordCompared
    other: RecordCompared
    why: Likeness | None = None


class PossibleDuplicates(Message):
    """The pairs that have waited longest. `total` counts all that wait."""

    pairs: tuple[PossibleDuplicate, ...]
    total: int


class ListDuplicates(Request[PossibleDuplicates]):
    """List the undecided pairs of which the asker may see both records. Audited."""

    subject: ClassVar[str] = "ask.referrals.list_duplicates"


class DuplicateCount(Message):
    total: int


class CountDuplicates(Request[DuplicateCount]):
    """Count the pairs that wait for the asker. Not audited: it shows no person."""

    subject: ClassVar[str] = "ask.referrals.count_duplicates"


class DuplicateDecision(Message):
    """The decision about a pair. `before`: it was made earlier, so this command changed nothing."""

    verdict: DuplicateVerdict
    decided_by: str = Field(repr=False)
    decided_at: datetime
    before: bool


class DecideDuplicate(Command[DuplicateDecision]):
    """
    Decide whether two records are about one person. The first decision counts.

    Refused as `not_found` unless the asker may see both and the pair was found.
    """

    subject: ClassVar[str] = "ask.referrals.decide_duplicate"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    one: UUID
    other: UUID
    verdict: DuplicateVerdict

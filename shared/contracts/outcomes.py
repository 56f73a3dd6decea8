"""What may be asked of outcomes, and what it tells: what came of the records of a register."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.referrals import Answers
from shared.messages import Command, Event, Message, Process, Request

MOST_AT_ONCE = 20


class OutcomeReceipt(Message):
    """An outcome as it was just recorded. `pending`: it counts once its record is archived, which is seen to."""

    outcome_id: UUID
    pending: bool = False


class RecordOutcome(Command[OutcomeReceipt]):
    """
    Record what came of a record; when it is `ending`, archive the record with it, or else do neither.

    Refused as `not_found`, `archived`, `archiving` (by an outcome that was recorded before), `unknown_edition`,
    `no_outcomes` or `no_archive` (the register does not have such), `invalid_answers` (with the number of `faults`);
    when ending also as `conflict` (with the `version` that is there now) when somebody saved since `version` was read,
    or `given_up`. Nothing counts of what was refused.
    """

    subject: ClassVar[str] = "ask.outcomes.record_outcome"

    edition: str
    record_id: UUID
    version: int
    ending: bool = False
    answers: Answers = Field(repr=False)


class OutcomeShown(Message):
    """
    One outcome, in the edition that it was recorded in.

    One that is not `counted` did not archive the record after all, and is shown so that what was typed is not lost.
    One that is `reversed` did, in error, and the record was put back; as an outcome it counts.
    """

    outcome_id: UUID
    edition: str
    answers: Answers = Field(repr=False)
    recorded_by: str
    recorded_at: datetime
    ending: bool
    counted: bool
    reversed: bool = False


class Outcomes(Message):
    """
    The outcomes of a record. `recorded` is how many count, `more` says that there are older ones than these.

    `being_archived`: one that is not among them is about to end the record.
    """

    record_id: UUID
    outcomes: tuple[OutcomeShown, ...]
    recorded: int
    more: bool
    being_archived: bool


class ListOutcomes(Request[Outcomes]):
    """
    The outcomes of an active record, newest first: 20 after the first `skip`, or as many as one message carries.

    Refused as `not_found` when the asker may not see the record, or it is archived. Audited.
    """

    subject: ClassVar[str] = "ask.outcomes.list_outcomes"

    record_id: UUID
    skip: int = Field(default=0, ge=0, le=100_000)


class FedOutcome(Message):
    """
    An outcome as a read copy holds it. `sequence` says where it stands in the feed.

    `ending`: it archived its record, which may have been put back since: the record itself says so.
    """

    sequence: int
    outcome_id: UUID
    record_id: UUID
    register_code: str
    edition: str
    organisation_id: UUID
    recorded_by: str = Field(repr=False)
    recorded_at: datetime
    ending: bool
    answers: Answers = Field(repr=False)


class OutcomeFeedPage(Message):
    """
    One page of the feed, under 512 KB unless one outcome alone is larger. `gone` are outcomes that are no more.

    The next page is read after `last`; without `more` there is none for now.
    """

    outcomes: tuple[FedOutcome, ...] = Field(repr=False)
    gone: tuple[UUID, ...] = ()
    last: int
    more: bool


class ReadOutcomeFeed(Request[OutcomeFeedPage]):
    """
    Every outcome of every register that has come to count after a place in the feed; all, from zero.

    Not audited: what people read of the copy is.
    """

    subject: ClassVar[str] = "ask.outcomes.read_feed"
    asked_by: ClassVar[tuple[Process, ...]] = ("reports",)

    after: int = Field(default=0, ge=0)


class OutcomeRecorded(Event):
    """An outcome counts from now on. `version` is the record's: when the outcome ended it, the last one."""

    kind: ClassVar[str] = "outcome-recorded"
    told_by: ClassVar[Process] = "outcomes"
    followed_by: ClassVar[tuple[Process, ...]] = ("reports",)

    outcome_id: UUID

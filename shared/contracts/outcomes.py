"""What may be asked of outcomes, and what it tells: what came of the records of a register."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.referrals.answers import Answers
from shared.messages import Command, Event, Message, Process, Request

MOST_AT_ONCE = 20
MOST_TASKS = 50


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
    refusals: ClassVar[tuple[str, ...]] = (
        "not_found",
        "archived",
        "archiving",
        "unknown_edition",
        "no_outcomes",
        "no_archive",
        "invalid_answers",
        "conflict",
        "given_up",
    )

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
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

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


# ----------------------------------------------------------------------------------------------------------- work list
TaskKind = Literal["urgent", "agenda"]


class TaskShown(Message):
    """
    What waits for somebody, by ids and codes. `opened_at` is when the rating was given that opened it.

    `seen_by` and `seen_at` say who took it; `told_again_at`: nobody had, so that the second recipient was told.
    """

    task_id: UUID
    record_id: UUID
    organisation_id: UUID
    reference: str
    locality: str | None
    opened_at: datetime
    seen_by: str | None = Field(default=None, repr=False)
    seen_at: datetime | None = None
    told_again_at: datetime | None = None


class TaskCounts(Message):
    """How many urgent tasks are open in the asker's scope, and how many of them nobody has seen."""

    urgent: int
    unseen: int


class CountTasks(Request[TaskCounts]):
    """How much urgently waits in the asker's scope. Not audited: nobody reads of a record."""

    subject: ClassVar[str] = "ask.outcomes.count_tasks"


class Tasks(Message):
    """
    What is open, as it stood `as_at`. Of urgent tasks those come first that nobody has seen, and then the oldest.

    The agenda goes by localities, the oldest first. 50 of each kind; `more_agenda`: there are more than these.
    """

    urgent: tuple[TaskShown, ...]
    agenda: tuple[TaskShown, ...]
    counts: TaskCounts
    more_agenda: bool
    as_at: datetime


class ListTasks(Request[Tasks]):
    """The open tasks in the asker's scope, after the first `skip` of each kind. Audited with the records' ids."""

    subject: ClassVar[str] = "ask.outcomes.list_tasks"

    skip_urgent: int = Field(default=0, ge=0, le=100_000)
    skip_agenda: int = Field(default=0, ge=0, le=100_000)


class TaskSeen(Message):
    """Who has seen the task first, and whether that is the asker."""

    task_id: UUID
    seen_by: str = Field(repr=False)
    seen_at: datetime
    is_asker: bool


class AcknowledgeTask(Command[TaskSeen]):
    """
    Say that one has seen an urgent task and acts on it. It stays open; who said so first is kept.

    Refused as `not_found`, or `closed` when the rating has changed or the record has left the register.
    """

    subject: ClassVar[str] = "ask.outcomes.acknowledge_task"
    refusals: ClassVar[tuple[str, ...]] = ("not_found", "closed")

    task_id: UUID


class UrgentNotSeen(Event):
    """For the notifier alone: nobody has said that they have seen an urgent record, and the time for it is over."""

    family: ClassVar[Literal["event", "notice"]] = "notice"
    kind: ClassVar[str] = "urgent-not-seen"
    told_by: ClassVar[Process] = "outcomes"
    followed_by: ClassVar[tuple[Process, ...]] = ("notifier",)

    reference: str

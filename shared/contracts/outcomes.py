"""The requests and events of outcomes: what was decided about the records of a register, and the work list."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.referrals.answers import Answers, InvalidAnswers
from shared.contracts.referrals.saving import Conflict
from shared.messages import Command, Event, Message, Nothing, Process, Refusals, Request
from shared.typed import TypedAnswers

MOST_AT_ONCE = 20
MOST_TASKS = 50


class OutcomeReceipt(Message):
    """An outcome as it was just recorded. `pending`: it counts once its record is archived, which outcomes retries."""

    outcome_id: UUID
    pending: bool = False


class RecordOutcome(Command[OutcomeReceipt]):
    """
    Record an outcome on a record. With `ending`, it also archives the record: both happen, or neither.

    Refused as `not_found`, `archived`, `archiving` (by an earlier outcome), `unknown_edition`, `no_outcomes` or
    `no_archive` (the register does not have these), `invalid_answers` (with the number of `faults`), or `does_not_end`
    (with `ending`, but the register says that such answers end no record).

    With `ending` also refused as `conflict` (with the present `version`) when the record was saved since `version` was
    read, or `given_up`. A refused outcome never counts.

    `leaving` says why the record ends, with `ending`: the answers to the register's form of that name. They are read as
    the outcome's are. A rating that is urgent demands a written reason.
    """

    subject: ClassVar[str] = "ask.outcomes.record_outcome"
    refusals: ClassVar[Refusals] = (
        "not_found",
        "archived",
        "archiving",
        "unknown_edition",
        "no_outcomes",
        "no_archive",
        "does_not_end",
        InvalidAnswers,
        Conflict,
        "given_up",
    )

    edition: str
    record_id: UUID
    version: int
    ending: bool = False
    answers: TypedAnswers = Field(repr=False)
    leaving: TypedAnswers = Field(default={}, repr=False)


class OutcomeShown(Message):
    """
    One outcome, in the edition that it was recorded in.

    One that is not `counted` failed to archive its record; it is shown so that its text is not lost. One that is
    `reversed` archived the record in error, and the record was put back; the outcome still counts.
    """

    outcome_id: UUID
    edition: str
    answers: Answers = Field(repr=False)
    recorded_by: str = Field(repr=False)
    recorded_at: datetime
    ending: bool
    counted: bool
    reversed: bool = False


class Outcomes(Message):
    """
    The outcomes of a record. `recorded` is how many count; `more` says that there are older ones than these.

    `being_archived`: a pending outcome, not in this list, is about to archive the record. `is_open`: the record takes
    outcomes, and no outcome of the list has ended it.
    """

    record_id: UUID
    outcomes: tuple[OutcomeShown, ...]
    recorded: int
    more: bool
    being_archived: bool
    is_open: bool = True


class ListOutcomes(Request[Outcomes]):
    """
    List the outcomes of a record, newest first: 20 after the first `skip`, or as many as fit into one message.

    Refused as `not_found` when the asker may not see the record, or it has ended and the asker's role may not open it.
    Audited.
    """

    subject: ClassVar[str] = "ask.outcomes.list_outcomes"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    record_id: UUID
    skip: int = Field(default=0, ge=0, le=100_000)


class ToldOutcome(Message):
    """
    What users who are no administrators are told of the last outcome of a record: its date, and some of its answers.

    The edition's outcome form says which: those that it names as `told`. Without `outcome_id` there is none.
    """

    record_id: UUID
    outcome_id: UUID | None = None
    edition: str = ""
    recorded_at: datetime | None = None
    answers: Answers = Field(default={}, repr=False)


class ReadToldOutcome(Request[ToldOutcome]):
    """
    Read what is told of the last outcome of a record, for who may update it: its creator, its holder and their cover.

    Refused as `not_found` when the asker may not, or the record has ended. Audited.
    """

    subject: ClassVar[str] = "ask.outcomes.read_told_outcome"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    record_id: UUID


class FedOutcome(Message):
    """
    An outcome for a read copy. `sequence` is its place in the feed.

    `ending`: it archived its record. The archive may have been reversed since; only the record says so.
    """

    sequence: int
    outcome_id: UUID
    record_id: UUID
    register_code: str
    edition: str
    recorded_by: str = Field(repr=False)
    recorded_at: datetime
    ending: bool
    answers: Answers = Field(repr=False)


class OutcomeFeedPage(Message):
    """
    One page of the feed, under 512 KB unless one outcome alone is larger. `gone` are deleted outcomes.

    Request the next page after `last`; without `more` there is none for now.
    """

    outcomes: tuple[FedOutcome, ...] = Field(repr=False)
    gone: tuple[UUID, ...] = ()
    last: int
    more: bool


class ReadOutcomeFeed(Request[OutcomeFeedPage]):
    """
    Read every outcome of every register that came to count after a place in the feed (from zero: all).

    Not audited: the service with the copy audits what users read of it.
    """

    subject: ClassVar[str] = "ask.outcomes.read_feed"
    asked_by: ClassVar[tuple[Process, ...]] = ("reports",)

    after: int = Field(default=0, ge=0)


class OutcomeRecorded(Event):
    """An outcome counts from now on. `version` is the record's: its last one, if the outcome archived it."""

    kind: ClassVar[str] = "outcome-recorded"
    told_by: ClassVar[Process] = "outcomes"
    followed_by: ClassVar[tuple[Process, ...]] = ("reports",)

    outcome_id: UUID


# ----------------------------------------------------------------------------------------------------------- work list
TaskKind = Literal["urgent", "agenda"]


class LastOutcome(Message):
    """The last outcome of a record that counts. `said` is its main answer in words; empty if it has none."""

    recorded_at: datetime
    said: str = Field(default="", repr=False)


class TaskShown(Message):
    """
    A task for an administrator, by ids and codes. `opened_at` is when the record got the rating that opened it.

    `version` is the newest version of the record that the task was compared with. `organisation_id`: the referring
    organisation, in a register whose scope it is. `seen_by` and `seen_at` say who has seen it. `told_again_at`: when
    the second recipient was mailed, because no user had seen it in time. Without `is_told` no one was mailed about the
    rating, as with one that was loaded, and no one will be. `discussed_by` said that a meeting discussed it.
    """

    task_id: UUID
    record_id: UUID
    organisation_id: UUID | None = None
    reference: str
    locality: str | None
    opened_at: datetime
    seen_by: str | None = Field(default=None, repr=False)
    seen_at: datetime | None = None
    told_again_at: datetime | None = None
    is_told: bool = True
    version: int = 0
    discussed_by: str | None = Field(default=None, repr=False)
    discussed_at: datetime | None = None
    last_outcome: LastOutcome | None = None

    @property
    def is_met(self) -> bool:
        """Whether an outcome was recorded since the rating that opened the task."""
        return self.last_outcome is not None and self.last_outcome.recorded_at >= self.opened_at


class TaskCounts(Message):
    """
    How many urgent tasks are open in the asker's scope, and how many of them no user has seen.

    `agenda`: how many tasks wait for the next meeting.
    """

    urgent: int
    unseen: int
    agenda: int = 0


class CountTasks(Request[TaskCounts]):
    """Count the open tasks in the asker's scope. Not audited: it shows no record."""

    subject: ClassVar[str] = "ask.outcomes.count_tasks"


class Tasks(Message):
    """
    The open tasks at `as_at`. Urgent tasks: unseen ones first, then the oldest.

    The agenda is sorted by locality, then the oldest first. Up to 50 of each kind; `more_agenda`: there are more than
    these. `met` is how many urgent tasks have an outcome since their rating. `discussed` are the 50 tasks that were
    discussed last and whose records have not changed since.
    """

    urgent: tuple[TaskShown, ...]
    agenda: tuple[TaskShown, ...]
    counts: TaskCounts
    more_agenda: bool
    as_at: datetime
    met: int = 0
    discussed: tuple[TaskShown, ...] = ()


class ListTasks(Request[Tasks]):
    """List the open tasks in the asker's scope, after the first `skip` of each kind. Audited with the records' ids."""

    subject: ClassVar[str] = "ask.outcomes.list_tasks"

    skip_urgent: int = Field(default=0, ge=0, le=100_000)
    skip_agenda: int = Field(default=0, ge=0, le=100_000)


class RecordTask(Message):
    """The open urgent task of a record, if it has one."""

    record_id: UUID
    task: TaskShown | None = None


class ReadTask(Request[RecordTask]):
    """
    Read the open urgent task of one record in the asker's scope: whether a user has seen it.

    Not audited: it shows nothing of the record, whose own reading is audited.
    """

    subject: ClassVar[str] = "ask.outcomes.read_task"

    record_id: UUID


class TaskSeen(Message):
    """Who saw the task first, and whether that is the asker."""

    task_id: UUID
    seen_by: str = Field(repr=False)
    seen_at: datetime
    is_asker: bool


class AcknowledgeTask(Command[TaskSeen]):
    """
    Acknowledge an urgent task: the asker has seen it and acts on it. It stays open; the first acknowledgement is kept.

    Refused as `not_found`, or `closed` when the rating has changed or the record has left the register.
    """

    subject: ClassVar[str] = "ask.outcomes.acknowledge_task"
    refusals: ClassVar[tuple[str, ...]] = ("not_found", "closed")

    task_id: UUID


class DiscussTask(Command[Nothing]):
    """
    Take a task off the agenda, because a meeting discussed it; or put it back, if `discussed` is false.

    It comes back by itself when its record changes. Refused as `not_found`, `closed` as `AcknowledgeTask` is, or
    `changed` when the record has changed since `version`.
    """

    subject: ClassVar[str] = "ask.outcomes.discuss_task"
    refusals: ClassVar[tuple[str, ...]] = ("not_found", "closed", "changed")

    task_id: UUID
    version: int
    discussed: bool = True


class RecordDiscussed(Event):
    """A meeting discussed a record; or this was said in error, if `discussed` is false."""

    kind: ClassVar[str] = "record-discussed"
    told_by: ClassVar[Process] = "outcomes"

    discussed: bool


class OutcomeTold(Event):
    """
    A notice for the notifier alone: an outcome was recorded on a record, and `recipient` created or holds it.

    There is one for each of them, but none for the user who recorded it. It says nothing of the outcome.
    """

    family: ClassVar[Literal["event", "notice"]] = "notice"
    kind: ClassVar[str] = "outcome-told"
    told_by: ClassVar[Process] = "outcomes"
    followed_by: ClassVar[tuple[Process, ...]] = ("notifier",)

    reference: str
    recipient: UUID


class UrgentNotSeen(Event):
    """A notice for the notifier alone: no user acknowledged an urgent record in the time allowed."""

    family: ClassVar[Literal["event", "notice"]] = "notice"
    kind: ClassVar[str] = "urgent-not-seen"
    told_by: ClassVar[Process] = "outcomes"
    followed_by: ClassVar[tuple[Process, ...]] = ("notifier",)

    reference: str

"""The requests and the notice about actions: who agreed to do what about a record by when, and the follow-up."""

from datetime import date, datetime
from typing import ClassVar, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from shared.contracts.referrals.saving import Conflict
from shared.messages import Command, Event, Message, Nothing, Process, Refusals, Request
from shared.typed import TypedLine, TypedText

MOST_ACTIONS = 25
MOST_OF_RECORD = 50
MOST_ENTRIES = 100
MOST_ENTRIES_SHOWN = 150
MOST_DECISIONS = 20
MOST_IN_MAIL = 50
LONGEST_ACTION = 1_000

ActionState = Literal["open", "reported", "closed", "cancelled"]
"""`reported`: its owner says that it is done, and the team has not confirmed it yet."""
ActionFilter = Literal["mine", "open", "overdue", "to_confirm", "closed"]
EntryKind = Literal["added", "comment", "contact", "changed", "reported", "returned", "closed", "cancelled"]
ContactWay = Literal["phone", "email", "message", "face_to_face", "letter"]
Verdict = Literal["close", "return", "cancel"]
PlanParty = Literal["mdt", "family"]
DueReason = Literal["assigned", "returned", "soon", "today", "overdue"]


# ------------------------------------------------------------------------------------------------------------- actions
class ActionShown(Message):
    """
    One action of a record. Its `colleague` owns it; if it belongs to an `outsider` of a `service`, they chase it.

    `is_theirs`: the asker is this colleague.
    """

    action_id: UUID
    record_id: UUID
    meeting_id: UUID | None = None
    reference: str
    locality: str | None = None
    text: str = Field(repr=False)
    due_on: date
    colleague_id: UUID
    colleague: str = Field(repr=False)
    outsider: str = Field(default="", repr=False)
    service: str = ""
    state: ActionState
    result: str = Field(default="", repr=False)
    version: int
    added_by: str = Field(repr=False)
    added_at: datetime
    ended_at: datetime | None = None
    is_theirs: bool = False

    @property
    def is_open(self) -> bool:
        return self.state in ("open", "reported")

    def is_overdue(self, day: date) -> bool:
        """Return whether it should be done by now. One that is reported done waits for the team, not for its owner."""
        return self.state == "open" and self.due_on < day


class AreaActions(Message):
    """The open actions of one locality in the asker's scope, and how many of them are overdue."""

    locality: str | None
    open: int
    overdue: int


class ActionCounts(Message):
    """
    How many actions are open with the asker, and how many of these are due within three days or overdue.

    The others count those in an administrator's scope, and are 0 for other users.
    """

    mine: int = 0
    mine_due: int = 0
    mine_overdue: int = 0
    open: int = 0
    overdue: int = 0
    to_confirm: int = 0
    areas: tuple[AreaActions, ...] = ()


class CountActions(Request[ActionCounts]):
    """Count the open actions in the asker's scope. Not audited: it shows no record."""

    subject: ClassVar[str] = "ask.outcomes.count_actions"


class ActionPage(Message):
    """A page of actions: those open by the day when they are due, the closed ones newest first."""

    actions: tuple[ActionShown, ...]
    more: bool


class ListActions(Request[ActionPage]):
    """
    List actions, 25 after the first `skip`. `closed` lists the cancelled ones too.

    Administrators get those of their scope, with `mine` their own; other users get their own alone. Audited.
    """

    subject: ClassVar[str] = "ask.outcomes.list_actions"

    wanted: ActionFilter = "mine"
    skip: int = Field(default=0, ge=0, le=100_000)


class ActionEntry(Message):
    """
    One line of the log of an action: a comment, a contact with its owner, or what became of it.

    `changes` are what an administrator changed: the value before and after of the due date or of who does it.
    """

    kind: EntryKind
    text: str = Field(default="", repr=False)
    contacted_on: date | None = None
    contacted_by: ContactWay | None = None
    due_before: date | None = None
    due_after: date | None = None
    who_before: str = Field(default="", repr=False)
    who_after: str = Field(default="", repr=False)
    written_by: str = Field(repr=False)
    written_at: datetime


class ActionRead(Message):
    """An action and the last 150 lines of its log, oldest first. `has_left`: the colleague can have none any more."""

    action: ActionShown
    entries: tuple[ActionEntry, ...] = Field(repr=False)
    has_left: bool = False


class ReadAction(Request[ActionRead]):
    """
    Read an action: for administrators in whose scope it lies, and for its colleague. Audited.

    Refused as `not_found`.
    """

    subject: ClassVar[str] = "ask.outcomes.read_action"
    refusals: ClassVar[Refusals] = ("not_found",)

    action_id: UUID


class ActionOwner(Message):
    """Who does it: a colleague with an account; or someone of a service, whom the colleague chases."""

    colleague_id: UUID
    outsider: TypedLine = Field(default="", max_length=100, repr=False)
    service: TypedLine = Field(default="", max_length=100)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if bool(self.outsider) != bool(self.service):
            raise ValueError("someone without an account is named with their service")
        return self


class ActionReceipt(Message):
    """An action and its version after a change."""

    action_id: UUID
    version: int
    state: ActionState


class AddAction(Command[ActionReceipt]):
    """
    Add an action to a record, agreed at `meeting_id` if at a meeting.

    Refused as `not_found`, `no_meetings` (the register does not meet), `archived`, `empty` (no letter or digit), `past`
    or `too_far` (due more than two years ahead), `too_many` (open ones of the record), or `not_a_colleague`: the
    colleague must be a standard user or an administrator who reaches the record's organisation or bodies.
    """

    subject: ClassVar[str] = "ask.outcomes.add_action"
    refusals: ClassVar[Refusals] = (
        "not_found",
        "no_meetings",
        "archived",
        "empty",
        "past",
        "too_far",
        "too_many",
        "not_a_colleague",
    )

    record_id: UUID
    meeting_id: UUID | None = None
    text: TypedText = Field(min_length=1, max_length=LONGEST_ACTION, repr=False)
    due_on: date
    owner: ActionOwner


class ChangeAction(Command[ActionReceipt]):
    """
    Change when an action is due or who does it. The log keeps what was before.

    Refused as `not_found`, `not_open` (reported done, closed or cancelled), `past` or `too_far` for another due date,
    `not_a_colleague` for another colleague, or `conflict` (with the present `version`).
    """

    subject: ClassVar[str] = "ask.outcomes.change_action"
    refusals: ClassVar[Refusals] = ("not_found", "not_open", "past", "too_far", "not_a_colleague", Conflict)

    action_id: UUID
    version: int
    due_on: date
    owner: ActionOwner


class FollowUpAction(Command[Nothing]):
    """
    Write a comment into the log of an action; with a day and a way, what was said when its owner was contacted.

    Refused as `not_found`, `ended` (closed or cancelled), `empty`, `future`, `too_long_ago` (more than a year), or
    `too_many` entries.
    """

    subject: ClassVar[str] = "ask.outcomes.follow_up_action"
    refusals: ClassVar[Refusals] = ("not_found", "ended", "empty", "future", "too_long_ago", "too_many")

    action_id: UUID
    text: TypedText = Field(min_length=1, max_length=LONGEST_ACTION, repr=False)
    contacted_on: date | None = None
    contacted_by: ContactWay | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.contacted_on is None) != (self.contacted_by is None):
            raise ValueError("a contact has a day and a way")
        return self


class ReportAction(Command[ActionReceipt]):
    """
    Say that an action is done, and what came of it. The team confirms or returns it.

    Refused as `not_found`, `not_open` (reported, closed or cancelled before), `empty`, or `conflict` (with the present
    `version`).
    """

    subject: ClassVar[str] = "ask.outcomes.report_action"
    refusals: ClassVar[Refusals] = ("not_found", "not_open", "empty", Conflict)

    action_id: UUID
    version: int
    result: TypedText = Field(min_length=1, max_length=LONGEST_ACTION, repr=False)


class DecideAction(Command[ActionReceipt]):
    """
    Confirm that an action is done, return it to its owner with a reason, or cancel it with a reason.

    Refused as `not_found`, `not_reported` (only one that is reported done is confirmed or returned), `ended`, `empty`
    (no reason), or `conflict` (with the present `version`).
    """

    subject: ClassVar[str] = "ask.outcomes.decide_action"
    refusals: ClassVar[Refusals] = ("not_found", "not_reported", "ended", "empty", Conflict)

    action_id: UUID
    version: int
    verdict: Verdict
    reason: TypedText = Field(default="", max_length=LONGEST_ACTION, repr=False)


# --------------------------------------------------------------------------------------------------------- of a record
class PlanTold(Message):
    """That the MDT or the family was told of the plan, when and by whom; or why not."""

    party: PlanParty
    told_on: date | None
    told_by: str = Field(default="", repr=False)
    why_not: str = Field(default="", repr=False)
    recorded_by: str = Field(repr=False)
    recorded_at: datetime


class MeetingDecision(Message):
    """What a closed meeting decided about a record, in words."""

    held_on: date
    meeting: str
    decision: str = Field(repr=False)


class RecordActions(Message):
    """
    The actions of a record: the open ones by the day when they are due, then the others, newest first.

    `decisions` are those of closed meetings, the latest first, without meetings at which the asker has declared an
    interest. `told` has the last that was recorded for each party. `may_add`: the asker may add actions to it.
    """

    record_id: UUID
    actions: tuple[ActionShown, ...]
    told: tuple[PlanTold, ...] = Field(repr=False)
    decisions: tuple[MeetingDecision, ...] = Field(default=(), repr=False)
    may_add: bool


class ListRecordActions(Request[RecordActions]):
    """
    List the actions of a record, at most 50, for administrators and for who may update the record. Audited.

    Refused as `not_found`, also when referrals does not let the asker update the record.
    """

    subject: ClassVar[str] = "ask.outcomes.list_record_actions"
    refusals: ClassVar[Refusals] = ("not_found",)

    record_id: UUID


class RecordPlanTold(Command[Nothing]):
    """
    Record that the MDT or the family was told of the plan, when and by whom; or why not.

    Refused as `not_found`, as `ListRecordActions` is, or as `archived`, `no_meetings`, `empty`, `future`,
    `too_long_ago` (more than a year), or `too_many` (recorded for this record).
    """

    subject: ClassVar[str] = "ask.outcomes.record_plan_told"
    refusals: ClassVar[Refusals] = (
        "not_found",
        "archived",
        "no_meetings",
        "empty",
        "future",
        "too_long_ago",
        "too_many",
    )

    record_id: UUID
    party: PlanParty
    told_on: date | None = None
    told_by: TypedLine = Field(default="", max_length=100, repr=False)
    why_not: TypedText = Field(default="", max_length=LONGEST_ACTION, repr=False)

    @model_validator(mode="after")
    def _says_one(self) -> Self:
        if (self.told_on is None) != bool(self.why_not) or bool(self.told_on) != bool(self.told_by):
            raise ValueError("either when they were told and by whom, or why they were not")
        return self


# -------------------------------------------------------------------------------------------------------------- notice
class DueAction(Message):
    """An action in a mail: its id, the reference of its record, when it is due, and why the mail names it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    action_id: UUID
    reference: str
    due_on: date
    why: DueReason


class ActionsDue(Event):
    """
    A notice for the notifier alone: actions that one colleague is mailed about; the team's mailbox without `recipient`.

    `actions` are the first of `total`. It has an id of its own as `record_id`, and says nothing about persons.
    """

    family: ClassVar[Literal["event", "notice"]] = "notice"
    kind: ClassVar[str] = "actions"
    told_by: ClassVar[Process] = "outcomes"
    followed_by: ClassVar[tuple[Process, ...]] = ("notifier",)

    recipient: UUID | None = None
    actions: tuple[DueAction, ...]
    total: int

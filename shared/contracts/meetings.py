"""The requests about meetings: series by area, agendas built from ratings, minutes for each person, and attendance."""

from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.contracts.referrals.answers import Answers, InvalidAnswers
from shared.contracts.referrals.saving import Conflict
from shared.messages import Command, Message, Nothing, Refusals, Request
from shared.typed import TypedAnswers, TypedLine, TypedText

MOST_ITEMS = 150
MOST_SERVICES = 30
MOST_MEETINGS = 20
MOST_ADDENDA = 50

MeetingState = Literal["planned", "in_progress", "closed", "cancelled"]
Reason = Literal["urgent", "agenda", "carried", "overdue", "by_hand"]
"""Why a person is on an agenda: rated red, rated amber, carried over, review overdue, or added by hand."""
Presence = Literal["present", "apologies", "absent"]
ServiceName = Annotated[TypedLine, Field(min_length=1, max_length=100)]
MeetingTime = Annotated[AwareDatetime, Field(lt=datetime(2100, 1, 1, tzinfo=UTC))]


# -------------------------------------------------------------------------------------------------------------- series
class MeetingSeries(Message):
    """
    Meetings that recur for one area; without `locality`, for the whole register.

    `services` must be represented. The agenda takes ambers that were rated up to `cut_off_days` before the meeting.
    """

    series_id: UUID
    name: str
    locality: str | None
    chair: str = Field(repr=False)
    services: tuple[str, ...]
    cut_off_days: int
    is_active: bool
    version: int


class SeriesList(Message):
    """Every series of the register, the active ones first, by name. `unplaced` localities have no planned meeting."""

    series: tuple[MeetingSeries, ...]
    unplaced: tuple[str, ...] = ()


class ListSeries(Request[SeriesList]):
    """List the series of the register. Not audited: it shows no person."""

    subject: ClassVar[str] = "ask.outcomes.list_series"


class SeriesReceipt(Message):
    """The saved series and its version."""

    series_id: UUID
    version: int


class SaveSeries(Command[SeriesReceipt]):
    """
    Add a series, or change the one with `series_id`.

    Refused as `not_found`, `no_meetings` (the register does not meet), `unknown_locality`, `locality_taken` (another
    active series has this area), or `conflict` (with the present `version`).
    """

    subject: ClassVar[str] = "ask.outcomes.save_series"
    refusals: ClassVar[Refusals] = ("not_found", "no_meetings", "unknown_locality", "locality_taken", Conflict)

    series_id: UUID | None = None
    version: int = 0
    name: TypedLine = Field(min_length=1, max_length=100)
    locality: str | None = Field(default=None, max_length=100)
    chair: TypedLine = Field(default="", max_length=100, repr=False)
    services: tuple[ServiceName, ...] = Field(default=(), max_length=MOST_SERVICES)
    cut_off_days: int = Field(default=0, ge=0, le=30)
    is_active: bool = True


# ------------------------------------------------------------------------------------------------------------ meetings
class MeetingShown(Message):
    """
    A meeting as a row of a list. It says nothing about persons.

    `items` and `done` count the agenda in the asker's scope, and those of it whose minutes are done. `cut_off_at` is
    the last moment at which a rating puts a person on this agenda.
    """

    meeting_id: UUID
    series_id: UUID
    name: str
    locality: str | None
    chair: str = Field(repr=False)
    services: tuple[str, ...]
    starts_at: datetime
    minutes: int
    place: str
    cut_off_at: datetime
    state: MeetingState
    version: int
    items: int = 0
    done: int = 0
    cancelled_because: str = Field(default="", repr=False)
    closed_by: str = Field(default="", repr=False)
    closed_at: datetime | None = None


class Meetings(Message):
    """
    The meetings of the register: those planned or in progress, the next first, and a page of past ones, newest first.

    `unplaced` counts, by locality, the ambers in the asker's scope that no planned meeting takes ('' is no locality).
    """

    coming: tuple[MeetingShown, ...]
    past: tuple[MeetingShown, ...]
    more: bool
    unplaced: dict[str, int] = {}


class ListMeetings(Request[Meetings]):
    """List meetings: all that are planned or in progress, and 20 past ones after the first `skip`. Not audited."""

    subject: ClassVar[str] = "ask.outcomes.list_meetings"

    skip: int = Field(default=0, ge=0, le=100_000)


class MeetingReceipt(Message):
    """A meeting and its version after a change."""

    meeting_id: UUID
    version: int
    state: MeetingState


class PlanMeeting(Command[MeetingReceipt]):
    """
    Plan a meeting of a series.

    Refused as `not_found`, `no_meetings`, `ended` (the series is not active), `past`, or `already_planned` (the series
    meets on that day already).
    """

    subject: ClassVar[str] = "ask.outcomes.plan_meeting"
    refusals: ClassVar[Refusals] = ("not_found", "no_meetings", "ended", "past", "already_planned")

    series_id: UUID
    starts_at: MeetingTime
    minutes: int = Field(default=60, ge=15, le=480)
    place: TypedLine = Field(default="", max_length=200)


class ChangeMeeting(Command[MeetingReceipt]):
    """
    Change the time, place or chair of a planned meeting.

    Refused as `not_found`, `not_planned`, `past`, `already_planned`, or `conflict` (with the present `version`).
    """

    subject: ClassVar[str] = "ask.outcomes.change_meeting"
    refusals: ClassVar[Refusals] = ("not_found", "not_planned", "past", "already_planned", Conflict)

    meeting_id: UUID
    version: int
    starts_at: MeetingTime
    minutes: int = Field(ge=15, le=480)
    place: TypedLine = Field(default="", max_length=200)
    chair: TypedLine = Field(default="", max_length=100, repr=False)


class CancelMeeting(Command[MeetingReceipt]):
    """
    Cancel a planned meeting. Its agenda goes to the next meeting of the area.

    Refused as `not_found`, `not_planned`, or `conflict` (with the present `version`).
    """

    subject: ClassVar[str] = "ask.outcomes.cancel_meeting"
    refusals: ClassVar[Refusals] = ("not_found", "not_planned", Conflict)

    meeting_id: UUID
    version: int
    reason: TypedLine = Field(min_length=1, max_length=200, repr=False)


class StartMeeting(Command[MeetingReceipt]):
    """
    Begin a planned meeting: its agenda is stored, and minutes can be taken. Starting it twice changes nothing.

    Refused as `not_found`, `not_planned` (cancelled or closed), or `too_early` (it is planned for a later day).
    """

    subject: ClassVar[str] = "ask.outcomes.start_meeting"
    refusals: ClassVar[Refusals] = ("not_found", "not_planned", "too_early")

    meeting_id: UUID


class CloseMeeting(Command[MeetingReceipt]):
    """
    Close a meeting: its minutes are final. People whose minutes are not done go to the area's next meeting.

    Refused as `not_found` or `not_started`. Closing it twice changes nothing.
    """

    subject: ClassVar[str] = "ask.outcomes.close_meeting"
    refusals: ClassVar[Refusals] = ("not_found", "not_started")

    meeting_id: UUID


# -------------------------------------------------------------------------------------------------------------- agenda
class AgendaItem(Message):
    """
    One person on an agenda, by ids. Referrals has the name.

    `urgency` is that of the rating when the agenda was made. `is_done`: the minutes say what was decided, `decision`
    in words. `interest`: the asker has declared an interest, and may not open the item.
    """

    record_id: UUID
    organisation_id: UUID | None = None
    reference: str
    urgency: str
    because: Reason
    since: datetime | None = None
    is_done: bool = False
    decision: str = Field(default="", repr=False)
    interest: bool = False


class Attendee(Message):
    """Who came for a service, or did not."""

    service: str
    name: str = Field(default="", repr=False)
    presence: Presence = "present"


class Agenda(Message):
    """
    A meeting with its agenda in the asker's scope: red, amber, then green, each the oldest rating first.

    `missing` are required services without anyone present.
    """

    meeting: MeetingShown
    items: tuple[AgendaItem, ...]
    attendance: tuple[Attendee, ...] = Field(default=(), repr=False)
    attendance_version: int = 0
    missing: tuple[str, ...] = ()


class ReadAgenda(Request[Agenda]):
    """Read a meeting and its agenda. Refused as `not_found`. Audited with the records' ids."""

    subject: ClassVar[str] = "ask.outcomes.read_agenda"
    refusals: ClassVar[Refusals] = ("not_found",)

    meeting_id: UUID


class SaveAttendance(Command[Nothing]):
    """
    Replace the list of who attended. Refused as `not_found`, `not_started`, `closed`, or `conflict`.
    """

    subject: ClassVar[str] = "ask.outcomes.save_attendance"
    refusals: ClassVar[Refusals] = ("not_found", "not_started", "closed", Conflict)

    meeting_id: UUID
    version: int
    attendance: tuple["TypedAttendee", ...] = Field(max_length=60, repr=False)


class TypedAttendee(Message):
    """One row of the attendance as it was typed."""

    service: ServiceName
    name: TypedLine = Field(default="", max_length=100, repr=False)
    presence: Presence = "present"


class AddItem(Command[Nothing]):
    """
    Put a person on the agenda by hand, before or during the meeting.

    Refused as `not_found`, `closed` (the meeting is closed or cancelled), `archived`, or `on_agenda`.
    """

    subject: ClassVar[str] = "ask.outcomes.add_item"
    refusals: ClassVar[Refusals] = ("not_found", "closed", "archived", "on_agenda")

    meeting_id: UUID
    record_id: UUID


class RemoveItem(Command[Nothing]):
    """
    Take a person off the agenda who was added by hand and has no minutes.

    Refused as `not_found`, `closed`, `not_by_hand`, or `has_minutes`.
    """

    subject: ClassVar[str] = "ask.outcomes.remove_item"
    refusals: ClassVar[Refusals] = ("not_found", "closed", "not_by_hand", "has_minutes")

    meeting_id: UUID
    record_id: UUID


class DeclareInterest(Command[Nothing]):
    """
    Declare an interest in one person of the agenda: from now on the asker may not open that item in this meeting.

    Refused as `not_found` or `closed`.
    """

    subject: ClassVar[str] = "ask.outcomes.declare_interest"
    refusals: ClassVar[Refusals] = ("not_found", "closed")

    meeting_id: UUID
    record_id: UUID


# ------------------------------------------------------------------------------------------------------------- minutes
class Addendum(Message):
    """A correction to final minutes."""

    text: str = Field(repr=False)
    added_by: str = Field(repr=False)
    added_at: datetime


class Minutes(Message):
    """
    The minutes about one person at one meeting, in the edition that they were taken in.

    `version` is 0 before the first save. `saved_by` saved them last.
    """

    meeting_id: UUID
    record_id: UUID
    edition: str
    answers: Answers = Field(default={}, repr=False)
    is_done: bool = False
    version: int = 0
    saved_by: str = Field(default="", repr=False)
    saved_at: datetime | None = None
    starts_at: datetime
    meeting_name: str
    addenda: tuple[Addendum, ...] = Field(default=(), repr=False)


class MeetingItem(Message):
    """
    One person at a meeting: the minutes, those of the meeting before, and the places beside it on the agenda.

    `before` and `after` are the records of the neighbouring items, leaving out those with a declared interest.
    """

    meeting: MeetingShown
    item: AgendaItem
    minutes: Minutes = Field(repr=False)
    last: Minutes | None = Field(default=None, repr=False)
    before: UUID | None = None
    after: UUID | None = None
    place: int
    of: int


class ReadItem(Request[MeetingItem]):
    """
    Read one person's item. Before the meeting starts it has empty minutes.

    Refused as `not_found`, or `interest` (the asker has declared one). Audited with the record's id.
    """

    subject: ClassVar[str] = "ask.outcomes.read_item"
    refusals: ClassVar[Refusals] = ("not_found", "interest")

    meeting_id: UUID
    record_id: UUID


class MinutesReceipt(Message):
    """The version of saved minutes, and when they were saved."""

    version: int
    saved_at: datetime
    is_done: bool


class SaveMinutes(Command[MinutesReceipt]):
    """
    Save the minutes about one person, as a draft or, with `done`, as decided.

    A draft is stored as typed; done minutes are checked by the form of the definition. Refused as `not_found`,
    `not_started`, `closed`, `interest`, `unknown_edition`, `invalid_answers` (with the number of `faults`), or
    `conflict` (with the present `version`) when they were saved since `version` was read.
    """

    subject: ClassVar[str] = "ask.outcomes.save_minutes"
    refusals: ClassVar[Refusals] = (
        "not_found",
        "not_started",
        "closed",
        "interest",
        "unknown_edition",
        InvalidAnswers,
        Conflict,
    )

    meeting_id: UUID
    record_id: UUID
    version: int
    edition: str
    answers: TypedAnswers = Field(repr=False)
    done: bool = False


class AddAddendum(Command[Nothing]):
    """Correct final minutes by an addendum. Refused as `not_found`, `interest`, `not_closed` or `too_many`."""

    subject: ClassVar[str] = "ask.outcomes.add_addendum"
    refusals: ClassVar[Refusals] = ("not_found", "interest", "not_closed", "too_many")

    meeting_id: UUID
    record_id: UUID
    text: TypedText = Field(min_length=1, max_length=10_000, repr=False)


class MeetingPack(Message):
    """A page of the print pack: the minutes of the items from `skip`, in the order of the agenda, under 512 KB."""

    agenda: Agenda
    minutes: tuple[Minutes, ...] = Field(repr=False)
    more: bool


class ReadPack(Request[MeetingPack]):
    """Read the whole meeting to print it. Refused as `not_found`. Audited as a print, with the records' ids."""

    subject: ClassVar[str] = "ask.outcomes.read_pack"
    refusals: ClassVar[Refusals] = ("not_found",)

    meeting_id: UUID
    skip: int = Field(default=0, ge=0, le=MOST_ITEMS)

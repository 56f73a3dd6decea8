"""Requests about one record: its answers, its history and its notes."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.referrals.answers import Answer, Answers
from shared.contracts.referrals.duplicates import SameRecord
from shared.contracts.referrals.holding import Holding
from shared.messages import Command, Message, Nothing, Request
from shared.typed import TypedText

PAGE = 20  # updates or notes on one page of a record


class EndingDecision(Message):
    """What a body decided about the end of a record, as `list:code`."""

    body: str
    reason: str = Field(repr=False)
    person_told: bool
    decided_by: str = Field(repr=False)
    decided_at: datetime


class FieldChange(Message):
    """The old and new value of one field, as codes. The page adds the definition's words."""

    name: str
    before: Answer | None = Field(repr=False)
    after: Answer | None = Field(repr=False)


Act = Literal["updated", "reviewed", "decided", "archived", "ended", "reinstated", "loaded"]


class RecordChange(Message):
    """
    One version of a record: who, when, what. Creation is version 0 and not an update (D-HISTORY).

    `reviewed` is an update that changed no answer. `loaded` is an update by a row of a spreadsheet. `decided`: a body
    decided about the end of the record. One that ended on its day has no `changed_by`. Archives that were reversed are
    included, and do not count as updates. `rated_at`: when its rating was given, if a spreadsheet says so. `leaving`
    says why the record was archived, for those who may know.
    """

    version: int
    act: Act = "updated"
    changed_at: datetime
    rated_at: datetime | None = None
    changed_by: str = Field(repr=False)
    changes: tuple[FieldChange, ...]
    leaving: Answers = Field(default={}, repr=False)


class History(Message):
    """
    The first version, and as many others as fit into a reply. `older` counts those before them.

    `loaded_at`: when the record was loaded from a spreadsheet, if it was; `created_at` is then the file's own date.
    `rated_at`: when its first rating was given, if the spreadsheet says so.
    """

    record_id: UUID
    created_at: datetime
    created_by: str = Field(repr=False)
    loaded_at: datetime | None = None
    rated_at: datetime | None = None
    updates: tuple[RecordChange, ...]
    older: int = 0


class ReadHistory(Request[History]):
    """Read the versions of a record, newest first, without the newest `skip`. Refused as `not_found`. Audited."""

    subject: ClassVar[str] = "ask.referrals.read_history"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    record_id: UUID
    skip: int = Field(default=0, ge=0, le=1_000_000)


class NoteShown(Message):
    note_id: UUID
    text: str = Field(repr=False)
    written_by: str = Field(repr=False)
    written_at: datetime


class Notes(Message):
    """As many notes as fit into a reply. `older` counts those before them."""

    record_id: UUID
    notes: tuple[NoteShown, ...]
    older: int = 0


class Past(Message):
    """
    One page of a record's history, and one of its notes.

    `older_ratings` are the changes of the rating among the older updates, newest first, without their other changes. It
    is None unless this is the first page, and if there are too many.
    """

    history: History
    notes: Notes
    older_ratings: tuple[RecordChange, ...] | None = None


class PastWanted(Message):
    """How many of the newest updates and notes to leave out of a page of the history and of the notes."""

    skip_updates: int = Field(default=0, ge=0, le=1_000_000)
    skip_notes: int = Field(default=0, ge=0, le=1_000_000)


class RecordShown(Message):
    """
    A record as the asker may see it, in the edition that it was written in.

    `state` is the register's code of its state. It ends on `ends_on`, unless it is still `awaiting` decisions of
    bodies. `holdings` are the present ones, and covers to come. `same_person` are the other active records in scope
    that the register's team linked to the same person. `may_hand_over`: the asker is a standard user who holds it.
    Its next review is due on `review_due`, if that can be said; `review_agreed`: the last review agreed that day.
    `past` is set if it was wanted. Of a record that has ended, `ended_by` is the user who ended it, if one did, and
    `leaving` says why, as answers to the register's form of that name.
    """

    record_id: UUID
    reference: str
    edition: str
    answers: Answers = Field(repr=False)
    version: int
    state: str
    is_open: bool
    ended_at: datetime | None = None
    ended_by: str = Field(default="", repr=False)
    leaving: Answers = Field(default={}, repr=False)
    ends_on: date | None = None
    awaiting: bool = False
    review_due: date | None = None
    review_agreed: bool = False
    decisions: tuple[EndingDecision, ...] = ()
    organisation_id: UUID
    created_by: str = Field(repr=False)
    created_at: datetime
    updated_at: datetime
    rated_at: datetime
    updates: int
    notes: int
    may_update: bool
    may_hand_over: bool = False
    holdings: tuple[Holding, ...] = ()
    same_person: tuple[SameRecord, ...] = ()
    past: Past | None = None


class ReadRecord(Request[RecordShown]):
    """
    Read one record. Refused as `not_found` when it does not exist or is outside the asker's scope. Audited.

    A record that has ended is found only by the roles that the register names for it. With `past`, also its history and
    notes are read and audited, as `ReadPast` does.
    """

    subject: ClassVar[str] = "ask.referrals.read_record"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    record_id: UUID
    past: PastWanted | None = None


class ReadPast(Request[Past]):
    """
    Read `PAGE` updates and `PAGE` notes of a record, newest first, without the newest ones that are skipped.

    Refused as `not_found`. Audited as a reading of the history and of the notes.
    """

    subject: ClassVar[str] = "ask.referrals.read_past"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    record_id: UUID
    skip_updates: int = Field(default=0, ge=0, le=1_000_000)
    skip_notes: int = Field(default=0, ge=0, le=1_000_000)


class AddNote(Command[Nothing]):
    """
    Write a note on a record.

    Refused as `not_found`, `not_yours`, `archived`, or `empty` when it holds no letter or digit.
    """

    subject: ClassVar[str] = "ask.referrals.add_note"
    refusals: ClassVar[tuple[str, ...]] = ("not_found", "not_yours", "archived", "empty")

    record_id: UUID
    text: TypedText = Field(max_length=10_000, repr=False)

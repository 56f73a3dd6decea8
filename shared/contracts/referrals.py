"""What may be asked of referrals, and what it tells: the records of every register."""

from datetime import date, datetime
from typing import ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.messages import Command, Event, Message, Nothing, Process, Request

Answer = str | tuple[str, ...]
Answers = dict[str, Answer]
Urgency = Literal["routine", "alert", "urgent"]

MOST_MATCHES = 250
LAST_NUMBERED_PAGE = 100


class RecordReceipt(Message):
    """A record as it was just saved. `reference` is what people may say aloud and write in mails."""

    record_id: UUID
    reference: str
    version: int
    rating: str | None = None


class SubmitRecord(Command[RecordReceipt]):
    """
    Add a person to the register of the assertion.

    Refused as `no_consent`, `invalid_answers` (with the number of `faults`), `no_organisation` (the asker has none) or
    `unknown_edition`. Nothing is kept of what was refused.
    """

    subject: ClassVar[str] = "ask.referrals.submit_record"

    edition: str
    answers: Answers = Field(repr=False)


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


class RecordShown(Message):
    """A record as the asker may see it, in the edition that it was written in."""

    record_id: UUID
    reference: str
    edition: str
    answers: Answers = Field(repr=False)
    version: int
    status: Literal["active", "archived"]
    organisation_id: UUID
    created_by: str
    created_at: datetime
    updated_at: datetime
    rated_at: datetime
    updates: int
    notes: int
    may_update: bool


class ReadRecord(Request[RecordShown]):
    """One record. Refused as `not_found` when there is none, or none that the asker may see. Audited."""

    subject: ClassVar[str] = "ask.referrals.read_record"

    record_id: UUID


class FieldChange(Message):
    """What one field was and became, as codes; the page puts the definition's words to them."""

    name: str
    before: Answer | None = Field(repr=False)
    after: Answer | None = Field(repr=False)


class Change(Message):
    """One update: who, when, what. Creation is version 0 and no update (D-HISTORY)."""

    version: int
    changed_at: datetime
    changed_by: str
    changes: tuple[FieldChange, ...]


class History(Message):
    """As many updates as a reply has room for; `older` counts those before them."""

    record_id: UUID
    created_at: datetime
    created_by: str
    updates: tuple[Change, ...]
    older: int = 0


class ReadHistory(Request[History]):
    """The updates of a record, newest first, without the newest `skip`. Refused as `not_found`. Audited."""

    subject: ClassVar[str] = "ask.referrals.read_history"

    record_id: UUID
    skip: int = Field(default=0, ge=0, le=1_000_000)


class UpdateRecord(Command[RecordReceipt]):
    """
    Save a record's answers anew.

    They are checked again by the edition that the record was written in. Refused as `not_found`, `not_yours`,
    `archived`, `no_consent`, `invalid_answers` (with the number of `faults`), `unchanged`, or `conflict` (with the
    `version` that is there now) when somebody saved since `version` was read.
    """

    subject: ClassVar[str] = "ask.referrals.update_record"

    record_id: UUID
    version: int
    answers: Answers = Field(repr=False)


class NoteShown(Message):
    note_id: UUID
    text: str = Field(repr=False)
    written_by: str
    written_at: datetime


class Notes(Message):
    """As many notes as a reply has room for; `older` counts those before them."""

    record_id: UUID
    notes: tuple[NoteShown, ...]
    older: int = 0


class ReadNotes(Request[Notes]):
    """The notes on a record, newest first, without the newest `skip`. Refused as `not_found`. Audited."""

    subject: ClassVar[str] = "ask.referrals.read_notes"

    record_id: UUID
    skip: int = Field(default=0, ge=0, le=1_000_000)


class AddNote(Command[Nothing]):
    """
    Write a note on a record. Refused as `not_found`, `not_yours`, `archived`, `empty`, or `unreadable` when it holds
    characters that cannot be kept.
    """

    subject: ClassVar[str] = "ask.referrals.add_note"

    record_id: UUID
    text: str = Field(max_length=10_000, repr=False)


class RecordChecked(Message):
    """What another service may know of a record: nothing about the person."""

    record_id: UUID
    organisation_id: UUID
    version: int
    archived: bool


class CheckRecord(Request[RecordChecked]):
    """How a record stands, active or archived. Refused as `not_found`. Not audited, since nobody reads of a person."""

    subject: ClassVar[str] = "ask.referrals.check_record"
    asked_by: ClassVar[tuple[Process, ...]] = ("outcomes",)

    record_id: UUID


class ArchiveRecord(Command[RecordReceipt]):
    """
    Take a record off the register, for an outcome that outcomes holds as pending. Idempotent by the command's id.

    Refused as `not_found`, `archived` (for another outcome), `conflict` (with the `version` that is there now), or
    `given_up`.
    """

    subject: ClassVar[str] = "ask.referrals.archive_record"
    asked_by: ClassVar[tuple[Process, ...]] = ("outcomes",)

    record_id: UUID
    version: int


class FinishArchive(Command[RecordReceipt]):
    """
    An `ArchiveRecord` asked again, under its own id, when the person who asked has left the room.

    The caller names that person, whose present grant is asked of identity. Refused as the first, or as `no_grant`.
    """

    subject: ClassVar[str] = "ask.referrals.finish_archive"
    asked_by: ClassVar[tuple[Process, ...]] = ("outcomes",)

    register_code: str
    record_id: UUID
    version: int


class ArchiveFate(Message):
    """Whether the record was archived under this id; if not, it never will be."""

    archived: bool


class RefuseArchive(Command[ArchiveFate]):
    """Give up the `ArchiveRecord` of this id: unless it was carried out, it is recorded as refused, for good."""

    subject: ClassVar[str] = "ask.referrals.refuse_archive"
    asked_by: ClassVar[tuple[Process, ...]] = ("outcomes",)

    register_code: str
    record_id: UUID


class FedRecord(Message):
    """A record as a read copy holds it. `sequence` says where its last change stands in the feed."""

    sequence: int
    record_id: UUID
    register_code: str
    edition: str
    reference: str
    version: int
    organisation_id: UUID
    status: Literal["active", "archived"]
    created_by: str = Field(repr=False)
    created_at: datetime
    updated_at: datetime
    rated_at: datetime
    archived_at: datetime | None
    born: date | None = Field(repr=False)
    answers: Answers = Field(repr=False)


class FeedPage(Message):
    """
    One page of the feed, under 512 KB unless one record alone is larger. `gone` are records that are no more.

    The next page is read after `last`; without `more` there is none for now.
    """

    records: tuple[FedRecord, ...] = Field(repr=False)
    gone: tuple[UUID, ...] = ()
    last: int
    more: bool


class ReadFeed(Request[FeedPage]):
    """
    Every record of every register that was committed after a place in the feed, each as it is now; all, from zero.

    A record that is changed again moves to the end. Not audited: what people read of the copy is.
    """

    subject: ClassVar[str] = "ask.referrals.read_feed"
    asked_by: ClassVar[tuple[Process, ...]] = ("reports",)

    after: int = Field(default=0, ge=0)


class RecordEvent(Event):
    """A fact about a record. `noun` is the register's word for it, which stands in the event's type."""

    told_by: ClassVar[Process] = "referrals"
    followed_by: ClassVar[tuple[Process, ...]] = ("reports",)

    noun: str

    def event_type(self) -> str:
        return f"{self.register_code}-{self.noun}-{self.kind}-{self.edition}"


class RecordCreated(RecordEvent):
    """Somebody was added to a register."""

    kind: ClassVar[str] = "created"


class RecordUpdated(RecordEvent):
    """A record's answers were saved anew."""

    kind: ClassVar[str] = "updated"


class RecordArchived(RecordEvent):
    """A record has left the register."""

    kind: ClassVar[str] = "archived"


class RecordNotice(Event):
    """For the notifier alone: what happened to a record, with its reference for the mail and nothing else of it."""

    family: ClassVar[Literal["event", "notice"]] = "notice"
    told_by: ClassVar[Process] = "referrals"
    followed_by: ClassVar[tuple[Process, ...]] = ("notifier",)

    reference: str
    occasion: Literal["record_created", "rating_changed"] = "record_created"


class RoutineNotice(RecordNotice):
    """A new record that is not rated urgent (R-FLOW-011)."""

    kind: ClassVar[str] = "routine"


class UrgentNotice(RecordNotice):
    """A record whose rating the register calls urgent, new or since this version (R-FLOW-013)."""

    kind: ClassVar[str] = "urgent"

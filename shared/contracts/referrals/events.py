"""The events of referrals: facts for other services, and notices for the notifier."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.messages import Event, Process

Urgency = Literal["routine", "alert", "urgent"]
Happening = Literal[
    "record_created",
    "rating_changed",
    "record_ended",
    "record_left",
    "holder_named",
    "holder_replaced",
    "cover_begun",
    "cover_ended",
]
HandedOverAs = Literal["holder_named", "holder_replaced"]


class RecordEvent(Event):
    """A fact about a record. The register's word for a record, `noun`, is part of the event's type."""

    told_by: ClassVar[Process] = "referrals"
    followed_by: ClassVar[tuple[Process, ...]] = ("reports", "outcomes")


class RecordCreated(RecordEvent):
    """A person was added to a register."""

    kind: ClassVar[str] = "created"


class RecordUpdated(RecordEvent):
    """A new version of a record was saved, by an update or a review."""

    kind: ClassVar[str] = "updated"


class RecordArchived(RecordEvent):
    """A record was archived and has left the register."""

    kind: ClassVar[str] = "archived"


class RecordEnded(RecordEvent):
    """A record reached the day of its end and has left the register."""

    kind: ClassVar[str] = "ended"


class RecordReinstated(RecordEvent):
    """A record is back on its register: it was archived in error."""

    kind: ClassVar[str] = "reinstated"


class RecordMoved(Event):
    """A notice for the notifier alone: an update gave a record other bodies. `bodies` are the new ones alone."""

    family: ClassVar[Literal["event", "notice"]] = "notice"
    kind: ClassVar[str] = "moved"
    told_by: ClassVar[Process] = "referrals"
    followed_by: ClassVar[tuple[Process, ...]] = ("notifier",)


class RecordNotice(Event):
    """
    For the notifier alone: what happened to a record, with its reference and no other content.

    `urgency` is that of its present rating. `submitted_by` is the user who added it, if known. For a change of holder
    or cover, and where a record has left the register, it is the colleague who is told of it.
    """

    family: ClassVar[Literal["event", "notice"]] = "notice"
    told_by: ClassVar[Process] = "referrals"
    followed_by: ClassVar[tuple[Process, ...]] = ("notifier",)

    reference: str
    occasion: Happening = "record_created"
    urgency: Urgency = "routine"
    submitted_by: UUID | None = None


class RoutineNotice(RecordNotice):
    """
    A new record that is not urgent (R-FLOW-011), a new rating that calls for an alert, a record that ended, or a change
    of its holder or cover.
    """

    kind: ClassVar[str] = "routine"


class UrgentNotice(RecordNotice):
    """A record that is rated urgent: new, newly rated, or reinstated (R-FLOW-013)."""

    kind: ClassVar[str] = "urgent"

    urgency: Urgency = "urgent"


class RecordsHandedOver(Event):
    """
    A notice for the notifier alone: all records of one colleague were handed over to another, in one act.

    There is one for each of the two who is told, `told`. `occasion` says whether they are the new holder or the former
    one. It has the id of the hand-over as `record_id`, the number of records, and the first references.
    """

    family: ClassVar[Literal["event", "notice"]] = "notice"
    kind: ClassVar[str] = "handed-over"
    told_by: ClassVar[Process] = "referrals"
    followed_by: ClassVar[tuple[Process, ...]] = ("notifier",)

    told: UUID
    occasion: HandedOverAs = "holder_named"
    references: tuple[str, ...] = ()
    total: int = 0


class RecordsLoaded(Event):
    """
    A notice for the notifier alone: a spreadsheet was put on the register. It has no personal data.

    There is one for each upload, with its id as `record_id`. The counts are those of its rows. `urgent` of the new and
    updated records got an urgent rating. `uploaded_by` is the user who uploaded it, and `bodies` are theirs.
    """

    family: ClassVar[Literal["event", "notice"]] = "notice"
    kind: ClassVar[str] = "loaded"
    told_by: ClassVar[Process] = "referrals"
    followed_by: ClassVar[tuple[Process, ...]] = ("notifier",)

    uploaded_by: UUID
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    ended: int = 0
    errors: int = 0
    urgent: int = 0

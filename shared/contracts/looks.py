"""Requests for who looked at a record: what the audit of each service says of it, and the names of these users."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.messages import Message, Process, Request

LOOKS_AT_ONCE = 50
MOST_LOOKS_AT_ONCE = 200
MOST_LOOKERS = 500


class LookPlace(Message):
    """The place of a row in the audit of one service."""

    at: datetime
    row: int


class Look(Message):
    """
    One row of the audit that names a record. `user_id` is None for what the service did by itself.

    `action` is the audit's word. `among` counts the ids that the row names: a list names all that were on the page.
    """

    place: LookPlace
    user_id: UUID | None
    action: str
    among: int


class Looks(Message):
    """
    Rows of one service's audit, newest first. With `more`, older rows follow.

    `user_ids` are all users whom the audit names with this record, whatever was asked for, up to `MOST_LOOKERS`.
    """

    looks: tuple[Look, ...]
    more: bool
    user_ids: tuple[UUID, ...] = ()


class LooksAsked(Message):
    """
    Which rows of the audit to read: those about a record, before a place; those of one user; those of some days.

    The days are London's, and both are included.
    """

    record_id: UUID
    user_id: UUID | None = None
    first_day: date | None = None
    last_day: date | None = None
    before: LookPlace | None = None
    most: int = Field(default=LOOKS_AT_ONCE, ge=1, le=MOST_LOOKS_AT_ONCE)


class RecordLooks(Looks):
    """What the audit of referrals says, with the record's reference and the person's name."""

    reference: str
    name: str = Field(repr=False)


class ReadRecordLooks(LooksAsked, Request[RecordLooks]):
    """Read who looked at a record in referrals. Refused as `not_found`. Audited."""

    subject: ClassVar[str] = "ask.referrals.read_looks"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)


class ReadOutcomeLooks(LooksAsked, Request[Looks]):
    """Read who looked at a record's outcomes, tasks and meetings. Refused as `not_found`. Audited."""

    subject: ClassVar[str] = "ask.outcomes.read_looks"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)


class ReadReportLooks(LooksAsked, Request[Looks]):
    """Read in whose reports a record was. Refused as `not_found`. Audited."""

    subject: ClassVar[str] = "ask.reports.read_looks"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)


class LooksAllowed(Message):
    """A record whose audit the asker may read, and the bodies of its compartment."""

    record_id: UUID
    bodies: tuple[str, ...]


class CheckLooks(Request[LooksAllowed]):
    """
    Check that the asker may read who looked at a record, archived ones included if their role opens these.

    Refused as `not_found`. Not audited: the services that ask are.
    """

    subject: ClassVar[str] = "ask.referrals.check_looks"
    asked_by: ClassVar[tuple[Process, ...]] = ("outcomes", "reports")
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    record_id: UUID


class Looker(Message):
    """
    A user by name, if they belong to an organisation of the asker. Otherwise the name is empty.

    `organisation_id` is that of their new records; None for a user without a role in the register.
    """

    user_id: UUID
    full_name: str = Field(repr=False)
    organisation_id: UUID | None


class Lookers(Message):
    """The users found, in no particular order."""

    users: tuple[Looker, ...]


class NameLookers(Request[Lookers]):
    """Name the users whom an audit names by id, as far as the asker may know them. Audited with the ids."""

    subject: ClassVar[str] = "ask.identity.name_lookers"

    user_ids: tuple[UUID, ...] = Field(max_length=MOST_LOOKERS)

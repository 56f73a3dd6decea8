"""How outcomes learns of ratings: how records stand, without anything about the person."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.referrals.events import Urgency
from shared.messages import Message, Process, Request


class RecordStanding(Message):
    """
    How a record stands at a version. `urgency` is what its register says of its rating; None where there is none.

    `rated_at` says when that rating was given: a review, which lets it stand, does not give it anew. `locality` is a
    code, for the areas that meetings are held for.
    """

    record_id: UUID
    register_code: str
    organisation_id: UUID
    reference: str
    version: int
    archived: bool
    urgency: Urgency | None
    rated_at: datetime
    locality: str | None


class ReadStanding(Request[RecordStanding]):
    """How one record stands, active or archived. Refused as `not_found`. Not audited: nobody reads of a person."""

    subject: ClassVar[str] = "ask.referrals.read_standing"
    asked_by: ClassVar[tuple[Process, ...]] = ("outcomes",)
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    record_id: UUID


class Standings(Message):
    """Those of the next records that call for somebody. The next page is read after `last`; None: there is none."""

    standings: tuple[RecordStanding, ...]
    last: UUID | None


class ListStandings(Request[Standings]):
    """
    How the active records of all registers stand that somebody must act on, in the order of their ids.

    Not audited: nobody reads of a person.
    """

    subject: ClassVar[str] = "ask.referrals.list_standings"
    asked_by: ClassVar[tuple[Process, ...]] = ("outcomes",)

    after: UUID = UUID(int=0)

"""The state of records for outcomes: their ratings, and nothing about the person."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.referrals.events import Urgency
from shared.messages import Message, Process, Request

MOST_STANDINGS = 100


class RecordStanding(Message):
    """
    The state of a record at a version. `bodies` make its compartment.

    `urgency` is the register's urgency of its rating; None without a rating. `rated_at` says when that rating was
    given; a review does not change it. `locality` is a code, for the area that meetings are held for. `is_told`: a
    notice told people of that rating, so that others are told if no one has seen it in time. `review_on` is the day
    agreed for the next review, if one was agreed.
    """

    record_id: UUID
    register_code: str
    bodies: tuple[str, ...]
    reference: str
    version: int
    is_open: bool
    urgency: Urgency | None
    rated_at: datetime
    locality: str | None
    is_told: bool = True
    review_on: date | None = None


class Standings(Message):
    """The state of records, by id. Of a list: request the next page after `last`; None: there is none."""

    standings: tuple[RecordStanding, ...]
    last: UUID | None = None


class ReadStandings(Request[Standings]):
    """
    Read the state of records, active or archived. Records that do not exist are left out.

    Not audited: it shows no person.
    """

    subject: ClassVar[str] = "ask.referrals.read_standings"
    asked_by: ClassVar[tuple[Process, ...]] = ("outcomes",)

    record_ids: tuple[UUID, ...] = Field(max_length=MOST_STANDINGS)


class ListStandings(Request[Standings]):
    """
    List the active records of all registers that need attention, by id.

    Not audited: it shows no person.
    """

    subject: ClassVar[str] = "ask.referrals.list_standings"
    asked_by: ClassVar[tuple[Process, ...]] = ("outcomes",)

    after: UUID = UUID(int=0)

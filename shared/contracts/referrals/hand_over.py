"""Requests to hand over all records that one colleague holds."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.messages import Command, Message, Refusals, Request

HELD_AT_ONCE = 25  # records on a page of the list
MOST_AT_ONCE = 2_000  # records that one command hands over
MOST_NAMED = 200  # references that a check names, and covers that a list shows
MOST_KEPT = 2_000  # records that the asker may leave out


class CoverHeld(Message):
    """A user who covers a record, from one day to another, both included."""

    full_name: str = Field(repr=False)
    from_day: date
    until_day: date


class HeldRecord(Message):
    """An open record that a colleague holds, with those who cover it now or later."""

    record_id: UUID
    reference: str
    name: str = Field(repr=False)
    rating: str | None
    updated_at: datetime
    covers: tuple[CoverHeld, ...] = ()


class CoveredRecord(Message):
    """An open record of another holder that the colleague covers, now or later."""

    record_id: UUID
    reference: str
    from_day: date
    until_day: date


class HeldRecords(Message):
    """
    One page of the records, by family name. `total` counts them all.

    `full_name` is the colleague's as the records say it; empty if they hold none. `covered` are records that they cover
    for others, up to `MOST_NAMED`.
    """

    full_name: str = Field(repr=False)
    total: int
    records: tuple[HeldRecord, ...]
    covered: tuple[CoveredRecord, ...] = ()


class ListHeld(Request[HeldRecords]):
    """
    List the open records that a colleague holds, within the asker's reach. Refused as `not_yours`. Audited.

    For administrators, and for standard users who ask for their own.
    """

    subject: ClassVar[str] = "ask.referrals.list_held"
    refusals: ClassVar[tuple[str, ...]] = ("not_yours",)

    user_id: UUID
    skip: int = Field(default=0, ge=0, le=1_000_000)


class HeldCount(Message):
    """How many open records a colleague holds within the asker's reach, and how many they cover for others."""

    held: int
    covered: int


class CountHeld(Request[HeldCount]):
    """Count the open records that a colleague holds or covers. It names no record."""

    subject: ClassVar[str] = "ask.referrals.count_held"

    user_id: UUID


class HandOverChecked(Message):
    """
    What a hand-over would do now. `seen` stands for the records and their holders, and goes into the command.

    `moving` counts the records that the new holder would get, and `unseen` those that they may not see, which stay.
    `later` counts those beyond `MOST_AT_ONCE`. References are given up to `MOST_NAMED`.
    """

    full_name: str = Field(repr=False)
    new_holder: str = Field(repr=False)
    seen: str
    moving: int
    references: tuple[str, ...]
    unseen: int
    unseen_references: tuple[str, ...]
    later: int


class CheckHandOver(Request[HandOverChecked]):
    """
    Find what a hand-over would do, without doing it. `kept` are records that stay with the colleague.

    Refused as `not_yours` as `ListHeld`, as `already_holds` if both are the same user, and as `not_a_colleague` as
    `AssignHolder`.
    """

    subject: ClassVar[str] = "ask.referrals.check_hand_over"
    refusals: ClassVar[tuple[str, ...]] = ("not_yours", "already_holds", "not_a_colleague")

    user_id: UUID
    new_user_id: UUID
    kept: tuple[UUID, ...] = Field(default=(), max_length=MOST_KEPT)


class HandedOver(Message):
    """How many records have a new holder, and how many the colleague still holds in the asker's reach."""

    moved: int
    left: int


class HandOver(Command[HandedOver]):
    """
    Make one user the holder of all records that another holds, within the asker's reach, except those in `kept`.

    Records that the new holder may not see stay where they are, and so do archived ones. Covers stay. All or nothing is
    stored. The two users are told once each, with the references.

    Refused as `CheckHandOver` is. Refused as `changed` if `seen` stands for other records or holders than now, and as
    `nothing_to_move`.
    """

    subject: ClassVar[str] = "ask.referrals.hand_over"
    refusals: ClassVar[Refusals] = ("not_yours", "already_holds", "not_a_colleague", "changed", "nothing_to_move")

    user_id: UUID
    new_user_id: UUID
    kept: tuple[UUID, ...] = Field(default=(), max_length=MOST_KEPT)
    seen: str = Field(max_length=64)

"""Requests about the holder of a record and the users who cover for them."""

from datetime import date, datetime
from typing import ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.messages import Command, Message, Nothing, Request


class Holding(Message):
    """
    A user who has the creator's rights on a record: its holder, or cover until a day, which is included.

    Until a holder is named, the creator holds the record.
    """

    holding_id: UUID
    kind: Literal["holder", "cover"]
    full_name: str = Field(repr=False)
    from_day: date
    until_day: date | None


class Named(Message):
    """One assignment of a user as holder or cover. If it was ended: when, and by whom."""

    kind: Literal["holder", "cover"]
    full_name: str = Field(repr=False)
    from_day: date
    until_day: date | None
    named_by: str = Field(repr=False)
    named_at: datetime
    ended_by: str | None = Field(repr=False)
    ended_at: datetime | None


class Holdings(Message):
    """The newest of them; `older` counts the others."""

    named: tuple[Named, ...]
    older: int


class ReadHoldings(Request[Holdings]):
    """List every user ever named holder or cover of a record, newest first. Refused as `not_found`. Audited."""

    subject: ClassVar[str] = "ask.referrals.read_holdings"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    record_id: UUID


class AssignHolder(Command[Nothing]):
    """
    Name the holder of a record from now on. For administrators of its organisation, and for the present holder.

    The creator keeps their rights.

    `seen` is the holding of the holder whom the asker saw; None when no holder had been named.

    Refused as `not_found`, `archived`, `already_holds`, or `not_yours` for a user who sees the record and does not hold
    it. Refused as `changed` when another holder was named since, or as `not_a_colleague`: the user must now be a
    standard user or an administrator of the record's organisation.
    """

    subject: ClassVar[str] = "ask.referrals.assign_holder"
    refusals: ClassVar[tuple[str, ...]] = (
        "not_found",
        "not_yours",
        "archived",
        "already_holds",
        "changed",
        "not_a_colleague",
    )

    record_id: UUID
    user_id: UUID
    seen: UUID | None


class AddCover(Command[Nothing]):
    """
    Name a user who covers a record from one day to another, both included, in London time.

    Refused as `not_found`, `archived` or `not_a_colleague` as `AssignHolder` is, or as `is_holder`: holders cannot
    cover for themselves. Refused as `already_covers` when the user covers on one of these days already. Refused as
    `past` when the last day is over, `before_birth` when it begins before the person was born, `too_long` for more than
    a year, `too_many` when the record has too many covers to come.
    """

    subject: ClassVar[str] = "ask.referrals.add_cover"
    refusals: ClassVar[tuple[str, ...]] = (
        "not_found",
        "archived",
        "not_a_colleague",
        "is_holder",
        "already_covers",
        "past",
        "before_birth",
        "too_long",
        "too_many",
    )

    record_id: UUID
    user_id: UUID
    from_day: date
    until_day: date

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.until_day < self.from_day:
            raise ValueError("a cover ends on its first day or later")
        return self


class EndCover(Command[Nothing]):
    """End a cover now. Refused as `not_found` or `archived`. A cover that is over already stays unchanged."""

    subject: ClassVar[str] = "ask.referrals.end_cover"
    refusals: ClassVar[tuple[str, ...]] = ("not_found", "archived")

    record_id: UUID
    holding_id: UUID

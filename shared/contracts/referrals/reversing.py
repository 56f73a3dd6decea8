"""Reversals: undoing an archive made in error. One administrator asks, a second one decides."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.referrals.saving import Duplicate
from shared.messages import Command, Message, Nothing, Refusals, Request
from shared.typed import TypedLine, TypedText

MOST_REVERSALS = 50
MOST_LATELY = 20


class AskReversal(Command[Nothing]):
    """
    Ask for the reversal of an archive that was an error. The record is named by its reference.

    Refused as `not_found`, `not_archived`, `not_reversible` (its register does not put back a record that ended so),
    `asked_before` (and not yet decided), `unknown_edition` (of the record), or `empty` (the reason).
    """

    subject: ClassVar[str] = "ask.referrals.ask_reversal"
    refusals: ClassVar[tuple[str, ...]] = (
        "not_found",
        "not_archived",
        "not_reversible",
        "asked_before",
        "unknown_edition",
        "empty",
    )

    reference: TypedLine = Field(max_length=40)
    reason: TypedText = Field(max_length=2_000, repr=False)


class ReversalAsked(Message):
    """An undecided reversal. `yours`: the asker asked for it, and another administrator must decide."""

    reversal_id: UUID
    record_id: UUID
    reference: str
    name: str = Field(repr=False)
    organisation_id: UUID
    archived_at: datetime
    reason: str = Field(repr=False)
    asked_by: str = Field(repr=False)
    asked_at: datetime
    yours: bool


class ArchivedLately(Message):
    """A record that has ended, and whose end may be reversed."""

    record_id: UUID
    reference: str
    name: str = Field(repr=False)
    born: date | None = Field(default=None, repr=False)
    organisation_id: UUID
    archived_at: datetime


class Reversals(Message):
    """
    As many as fit into a reply, those that have waited longest first. With `more` there are others.

    `lately` are the records that ended last, for the roles that may open them; without those already asked for.
    """

    reversals: tuple[ReversalAsked, ...]
    more: bool = False
    lately: tuple[ArchivedLately, ...] = Field(default=(), repr=False)


class ReversalCount(Message):
    waiting: int


class CountReversals(Request[ReversalCount]):
    """Count the reversals that wait for the asker: those that others asked for. Not audited: it shows no person."""

    subject: ClassVar[str] = "ask.referrals.count_reversals"


class ListReversals(Request[Reversals]):
    """List the undecided reversals of records in the asker's scope. Audited with the ids shown."""

    subject: ClassVar[str] = "ask.referrals.list_reversals"


class DecideReversal(Command[Nothing]):
    """
    Reverse an archive, which makes the record active again at once, or decline, which changes nothing.

    Refused as `not_found`, `decided` (already), `unknown_edition` (of the record), or `not_second`: the administrator
    who asked cannot confirm, only withdraw. In a register that refuses duplicates, refused as `duplicate` or
    `duplicate_unseen` if the person was added again in the meantime.
    """

    subject: ClassVar[str] = "ask.referrals.decide_reversal"
    refusals: ClassVar[Refusals] = (
        "not_found",
        "decided",
        "not_second",
        "unknown_edition",
        Duplicate,
        "duplicate_unseen",
    )

    reversal_id: UUID
    confirmed: bool

"""How an archive that was made in error is reversed: one administrator asks, a second one decides."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.messages import Command, Message, Nothing, Request

MOST_REVERSALS = 50


class AskReversal(Command[Nothing]):
    """
    Ask that the archive of a record be reversed, because it was an error. The record is named by its reference, since
    no page shows an archived one.

    Refused as `not_found`, `not_archived`, `asked_before` (and not yet decided), `empty` or `unreadable` (the reason).
    """

    subject: ClassVar[str] = "ask.referrals.ask_reversal"
    refusals: ClassVar[tuple[str, ...]] = ("not_found", "not_archived", "asked_before", "empty", "unreadable")

    reference: str = Field(max_length=40)
    reason: str = Field(max_length=2_000, repr=False)


class ReversalAsked(Message):
    """A reversal that nobody has decided yet. `yours`: the asker asked for it, and somebody else is to decide."""

    reversal_id: UUID
    record_id: UUID
    reference: str
    name: str = Field(repr=False)
    organisation_id: UUID
    archived_at: datetime
    reason: str = Field(repr=False)
    asked_by: str
    asked_at: datetime
    yours: bool


class Reversals(Message):
    """As many as a reply has room for, those first that have waited longest; `more` says that there are others."""

    reversals: tuple[ReversalAsked, ...]
    more: bool = False


class ListReversals(Request[Reversals]):
    """The reversals that wait to be decided, of records in the asker's scope. Audited with the ids shown."""

    subject: ClassVar[str] = "ask.referrals.list_reversals"


class DecideReversal(Command[Nothing]):
    """
    Reverse an archive, by which the record is active again at once; or decline to, by which nothing is changed.

    Refused as `not_found`, `decided` (by somebody else), `unknown_edition` (of the record), or `not_second`: who asked
    cannot confirm, only take it back.
    """

    subject: ClassVar[str] = "ask.referrals.decide_reversal"
    refusals: ClassVar[tuple[str, ...]] = ("not_found", "decided", "not_second", "unknown_edition")

    reversal_id: UUID
    confirmed: bool

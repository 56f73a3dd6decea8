"""The decisions by which bodies end a record that ends by a date."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.referrals.saving import RecordReceipt
from shared.messages import Command
from shared.typed import TypedText


class DecideEnding(Command[RecordReceipt]):
    """
    Record the decision of one body that a record ends on the day that its answers give.

    `body` is written `list:code`, and must be one that the asker acts for. `ends_on` is the day that the asker saw. The
    record ends on its day once every body has decided, or at once if that day is past.

    Refused as `not_found`, `archived` (it has ended), `not_ending` (it has no such day), `changed` (the day is
    another), `not_yours` (the asker does not act for the body), `decided` (the body has decided), `not_second` (the
    asker has decided for another body: each body's decision is made by a user of its own), `unknown_edition`, or
    `empty` (the reason).
    """

    subject: ClassVar[str] = "ask.referrals.decide_ending"
    refusals: ClassVar[tuple[str, ...]] = (
        "not_found",
        "archived",
        "not_ending",
        "changed",
        "not_yours",
        "decided",
        "not_second",
        "unknown_edition",
        "empty",
    )

    record_id: UUID
    body: str = Field(max_length=100)
    ends_on: date
    reason: TypedText = Field(max_length=2_000, repr=False)
    person_told: bool

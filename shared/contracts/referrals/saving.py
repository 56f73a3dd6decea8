"""Adding a person to a register, and saving a record anew."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.referrals.answers import Answers
from shared.messages import Command, Message

MOST_ALIKE = 10  # that are shown to whoever adds a person, the newest


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
    `unknown_edition`; as `likely_duplicate` when `records` (ids) that the asker may see look like the same person and
    `duplicates_seen` does not say of each that the asker has looked at it; and in a register that says so, as
    `duplicate_unseen` when such a record is out of sight. Nothing is kept of what was refused.
    """

    subject: ClassVar[str] = "ask.referrals.submit_record"
    refusals: ClassVar[tuple[str, ...]] = (
        "no_consent",
        "invalid_answers",
        "no_organisation",
        "unknown_edition",
        "likely_duplicate",
        "duplicate_unseen",
    )

    edition: str
    answers: Answers = Field(repr=False)
    duplicates_seen: tuple[UUID, ...] = Field(default=(), max_length=MOST_ALIKE)


class UpdateRecord(Command[RecordReceipt]):
    """
    Save a record's answers anew.

    They are checked again by the edition that the record was written in; refused as `unknown_edition` where the
    service does not have it. Refused as `not_found`, `not_yours`, `archived`, `no_consent`, `invalid_answers` (with the
    number of `faults`), `unchanged`, or `conflict` (with the `version` that is there now) when somebody saved since
    `version` was read.
    """

    subject: ClassVar[str] = "ask.referrals.update_record"
    refusals: ClassVar[tuple[str, ...]] = (
        "not_found",
        "not_yours",
        "archived",
        "no_consent",
        "invalid_answers",
        "unchanged",
        "conflict",
        "unknown_edition",
    )

    record_id: UUID
    version: int
    answers: Answers = Field(repr=False)


class ReviewRecord(Command[RecordReceipt]):
    """
    Say that a record's rating was looked at and stands: from now on it is as fresh as a new one.

    An update that changes no answer. Refused as `not_found`, `not_yours`, `archived`, `no_rating`, `unknown_edition`,
    or `conflict` (with the `version` that is there now) when somebody saved since `version` was read.
    """

    subject: ClassVar[str] = "ask.referrals.review_record"
    refusals: ClassVar[tuple[str, ...]] = (
        "not_found",
        "not_yours",
        "archived",
        "no_rating",
        "conflict",
        "unknown_edition",
    )

    record_id: UUID
    version: int

"""Adding a person to a register, and saving a new version of a record."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.referrals.answers import InvalidAnswers
from shared.contracts.referrals.drafts import DraftChanged, DraftSeen
from shared.messages import Command, Message, Refusal, Refusals
from shared.typed import TypedAnswers, TypedText

MOST_SURE = 20  # questions whose unlikely answers the user has confirmed
MOST_ALIKE = 10  # the newest of the matches, shown to the user who adds a person


class Conflict(Refusal):
    """
    Saved by another user since: `version` is the present version.

    It is None where a stored refusal is repeated, since only its code is stored.
    """

    code: ClassVar[str] = "conflict"

    version: int | None = None


class LikelyDuplicate(Refusal):
    """Records in scope look like the same person: the newest ten, the newest first."""

    code: ClassVar[str] = "likely_duplicate"

    records: tuple[UUID, ...] = Field(max_length=MOST_ALIKE)


class Duplicate(Refusal):
    """As `LikelyDuplicate`, in a register that refuses duplicates."""

    code: ClassVar[str] = "duplicate"

    records: tuple[UUID, ...] = Field(max_length=MOST_ALIKE)


class SubmittedBefore(Refusal):
    """The form was sent before with other answers. `record_id` is what it added, for the user who sent it."""

    code: ClassVar[str] = "command_reused"

    record_id: UUID | None = None


class RecordReceipt(Message):
    """
    A record as it was just saved.

    `reference` is safe to say aloud. Without `is_open` the record has ended with it. `rerated`: an update has changed
    its rating.
    """

    record_id: UUID
    reference: str
    version: int
    rating: str | None = None
    is_open: bool = True
    rerated: bool = False


class SubmitRecord(Command[RecordReceipt]):
    """
    Add a person to the register that the assertion names.

    Refused as `no_consent`, `invalid_answers` (with the number of `faults`), `no_organisation` (the asker has none),
    `out_of_reach` (no body that the answers name is the asker's) or `unknown_edition`.

    Refused as `likely_duplicate` (with ids in `records`) when records in scope look like the same person and
    `duplicates_seen` does not list all of these. Refused as `duplicate` (the same) in a register that refuses
    duplicates. Refused as `duplicate_unseen` when such a record is out of scope, in a register that says so. Refused as
    `confirm_ending` when the answers say when the record ends and `confirmed` is not set.

    Refused as `draft_changed` (with `version` and `saved_at`) when another page saved the form's draft since `draft`.
    Refused as `command_reused` (with `record_id`) when the form was sent before with other answers.

    `sure` names the questions whose unlikely answers the user has confirmed. Without that they count as `faults`.

    Nothing of a refused command is stored.
    """

    subject: ClassVar[str] = "ask.referrals.submit_record"
    refusals: ClassVar[Refusals] = (
        "no_consent",
        InvalidAnswers,
        "no_organisation",
        "out_of_reach",
        "unknown_edition",
        LikelyDuplicate,
        Duplicate,
        "duplicate_unseen",
        "confirm_ending",
        DraftChanged,
        SubmittedBefore,
    )

    edition: str
    answers: TypedAnswers = Field(repr=False)
    duplicates_seen: tuple[UUID, ...] = Field(default=(), max_length=MOST_ALIKE)
    confirmed: bool = False
    sure: tuple[str, ...] = Field(default=(), max_length=MOST_SURE)
    draft: DraftSeen | None = None


class UpdateRecord(Command[RecordReceipt]):
    """
    Save new answers of a record. They are checked against the edition that the record was written in.

    Refused as `unknown_edition` where the service does not have that edition. Refused as `not_found`, `not_yours`,
    `archived`, `no_consent`, `invalid_answers` (with the number of `faults`), `out_of_reach` (the asker would no longer
    see the record), or `unchanged`. Refused as `confirm_ending` when the answers newly end the record and `confirmed`
    is not set. Refused as `duplicate` or `duplicate_unseen` in a register that refuses duplicates. Refused as
    `likely_duplicate` when the new answers make it look like the person of records in scope, such as by their NHS
    number, and `duplicates_seen` does not list all of these. Refused as
    `conflict` (with the present `version`) when the record was saved since `version` was read.

    `sure` names the questions whose unlikely answers the user has confirmed. Without that they count as `faults`.
    """

    subject: ClassVar[str] = "ask.referrals.update_record"
    refusals: ClassVar[Refusals] = (
        "not_found",
        "out_of_reach",
        "confirm_ending",
        LikelyDuplicate,
        Duplicate,
        "duplicate_unseen",
        "not_yours",
        "archived",
        "no_consent",
        InvalidAnswers,
        "unchanged",
        Conflict,
        "unknown_edition",
    )

    record_id: UUID
    version: int
    answers: TypedAnswers = Field(repr=False)
    duplicates_seen: tuple[UUID, ...] = Field(default=(), max_length=MOST_ALIKE)
    confirmed: bool = False
    sure: tuple[str, ...] = Field(default=(), max_length=MOST_SURE)


class ReviewRecord(Command[RecordReceipt]):
    """
    Confirm a record's rating: its age counts from now. It is an update that changes no other answer than these.

    `rating` is another rating, given at this review. The form's day of the rating, if it asks for one, is then today.
    `next_review` is the day agreed for the next one. `update` is the answer to the register's question for the latest
    update. None leaves each as it is.

    Refused as `not_found`, `not_yours`, `archived`, `no_rating`, `unknown_edition`, `invalid_answers` (with the number
    of `faults`), or `conflict` (with the present `version`) when the record was saved since `version` was read.
    """

    subject: ClassVar[str] = "ask.referrals.review_record"
    refusals: ClassVar[Refusals] = (
        "not_found",
        "not_yours",
        "archived",
        "no_rating",
        InvalidAnswers,
        Conflict,
        "unknown_edition",
    )

    record_id: UUID
    version: int
    rating: str | None = Field(default=None, max_length=100)
    next_review: date | None = None
    update: TypedText | None = Field(default=None, repr=False)

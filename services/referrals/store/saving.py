"""
Queries that add and update records.

Each takes one round trip, with history, audit, events and the command's id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from asyncpg import Record

from services.referrals.store.finding import ANSWERS
from services.referrals.store.parameters import jsonb, jsonb_list
from services.referrals.store.scope import Scope, bodies_of, scope_of
from shared.commands import FIND_COMMAND
from shared.contracts.referrals.answers import Answer, Answers
from shared.contracts.referrals.saving import RecordReceipt
from shared.database import Database
from shared.messages import Event
from shared.permissions import Visitor

Verdict = Literal["done", "repeated", "conflict", "archived", "not_found"]


@dataclass(frozen=True, repr=False)
class NewCommand:
    """A command to be stored: its user, a hash of its content, and its answer."""

    command_id: UUID
    actor: UUID
    body_hash: bytes
    answer: RecordReceipt


@dataclass(frozen=True)
class EarlierCommand:
    """A command that was carried out before. `answer` is None if it was refused for good."""

    actor: UUID
    body_hash: bytes
    answer: str | None


async def find_earlier(db: Database, command_id: UUID) -> EarlierCommand:
    (row,) = await db.fetch(FIND_COMMAND, command_id)
    return EarlierCommand(**row)


@dataclass(frozen=True, repr=False)
class Content:
    """The content of a version of a record: its answers, the columns derived from them, and the match keys."""

    answers: Answers
    rating: str | None
    search: str
    locality: str | None
    given_name: str
    family_name: str
    born: date | None
    nhs_number: str | None
    postcode: str | None
    keys: tuple[str, ...] = ()
    key_rules: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class OutboxRow:
    """An event that is published once the transaction is committed."""

    event_id: UUID
    subjects: tuple[str, ...]
    event_type: str
    body: Event


def outbox_rows(events: Sequence[Event]) -> str:
    return jsonb_list([OutboxRow(each.event_id, each.subjects(), each.event_type(), each) for each in events])


SUBMIT_RECORD = "SELECT verdict, seen FROM submit_record($1, $2, $3, $4, $5)"


@dataclass(frozen=True)
class NewRecord:
    """
    A record to be added. `shown` are the likely duplicates that the user was shown before.

    `unseen` is `said` if a match that the user may not see is refused too, and `silent` otherwise.
    """

    record_id: UUID
    reference: str
    edition: str
    compartment_id: UUID
    organisation_id: UUID
    state: str = "active"
    unseen: Literal["silent", "said"] = "silent"
    shown: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class NotAdded:
    """Why a record was not added. `seen` are matches that the user may see; `earlier` is the stored command."""

    verdict: Literal["repeated", "likely_duplicate", "duplicate_unseen"]
    seen: tuple[UUID, ...]
    earlier: EarlierCommand | None


async def submit_record(
    db: Database, scope: Scope, command: NewCommand, record: NewRecord, content: Content, events: Sequence[Event]
) -> NotAdded | None:
    """
    Add the record and return None, or return why it was not added. Sets its own context.

    Raises asyncpg's `UniqueViolationError` if another record has the reference; then nothing is stored.
    """
    sent = jsonb(scope, command, record, content)
    (row,) = await db.fetch(SUBMIT_RECORD, *sent, outbox_rows(events))
    if row["verdict"] == "done":
        return None
    earlier = await find_earlier(db, command.command_id) if row["verdict"] == "repeated" else None
    return NotAdded(row["verdict"], tuple(row["seen"] or ()), earlier)


FIND_FOR_UPDATE = """
    SELECT is_repeated, record_id, reference, edition, is_open, version, organisation_id, bodies, created_by, is_held,
        answers
    FROM find_for_update($1, $2, $3)
"""


@dataclass(frozen=True, repr=False)
class Present:
    """A record in scope in its present state."""

    record_id: UUID
    reference: str
    edition: str
    is_open: bool
    version: int
    organisation_id: UUID
    bodies: tuple[str, ...]
    created_by: UUID
    is_held: bool
    answers: Answers


async def find_for_update(
    db: Database, visitor: Visitor, command_id: UUID, record_id: UUID
) -> tuple[EarlierCommand | None, Present | None]:
    """
    Return the command if it was carried out before, and the record.

    Not audited, because nothing of the record is shown.
    """
    (row,) = await db.fetch(FIND_FOR_UPDATE, *jsonb(scope_of(visitor)), command_id, record_id)
    earlier = await find_earlier(db, command_id) if row["is_repeated"] else None
    return earlier, _present(row) if row["record_id"] else None


def _present(row: Record) -> Present:
    return Present(
        record_id=row["record_id"],
        reference=row["reference"],
        edition=row["edition"],
        is_open=row["is_open"],
        version=row["version"],
        organisation_id=row["organisation_id"],
        bodies=bodies_of(row),
        created_by=row["created_by"],
        is_held=row["is_held"],
        answers=ANSWERS.validate_json(row["answers"]),
    )


UPDATE_RECORD = "SELECT verdict, version_there FROM update_record($1, $2, $3, $4, $5)"


@dataclass(frozen=True, repr=False)
class Update:
    """
    A change to a version of a record.

    `changes` holds each question with its answers before and after. `rekeyed` says that the match keys change.
    """

    record_id: UUID
    version: int
    compartment_id: UUID
    rerated: bool
    changes: tuple[tuple[str, Answer | None, Answer | None], ...]
    rekeyed: bool = True


@dataclass(frozen=True)
class Updated:
    """The result of an update. Only `done` changed anything."""

    verdict: Verdict
    version: int | None
    earlier: EarlierCommand | None


async def update_record(
    db: Database, scope: Scope, command: NewCommand, update: Update, content: Content, events: Sequence[Event]
) -> Updated:
    """Save a new version if the record is active and has the named version. Sets its own context."""
    sent = jsonb(scope, command, update, content)
    return await _updated(db, command, await db.fetch(UPDATE_RECORD, *sent, outbox_rows(events)))


async def _updated(db: Database, command: NewCommand, rows: Sequence[Record]) -> Updated:
    (row,) = rows
    earlier = await find_earlier(db, command.command_id) if row["verdict"] == "repeated" else None
    return Updated(row["verdict"], row["version_there"], earlier)


REVIEW_RECORD = "SELECT verdict, version_there FROM review_record($1, $2, $3, $4, $5)"


async def review_record(
    db: Database, visitor: Visitor, command: NewCommand, present: Present, events: Sequence[Event]
) -> Updated:
    """Save a review of the rating if the record is active and has the present version. Sets its own context."""
    sent = (*jsonb(scope_of(visitor), command), present.record_id, present.version, outbox_rows(events))
    return await _updated(db, command, await db.fetch(REVIEW_RECORD, *sent))

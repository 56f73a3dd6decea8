"""Adding and updating records: one round trip each, with history, audit, events and the command's id."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from asyncpg import Record

from services.referrals.store.finding import ANSWERS
from services.referrals.store.scope import scope_of
from shared.contracts.referrals import Answers, FieldChange
from shared.database import Database
from shared.messages import Event
from shared.permissions import Visitor
from shared.registers.form import Person

Verdict = Literal["done", "repeated", "conflict", "archived", "not_found"]


@dataclass(frozen=True)
class CommandRow:
    """A command as it is kept: who gave it, what it said, and the answer. `answer` is None where it was refused."""

    command_id: UUID
    actor: UUID
    body_hash: bytes
    answer: str | None


@dataclass(frozen=True, repr=False)
class Content:
    """What a version of a record says, the columns that are taken out of its answers, and what it is compared by."""

    answers: Answers
    person: Person
    rating: str | None
    search: str
    keys: tuple[str, ...] = ()


SUBMIT_RECORD = """
    SELECT verdict, seen, earlier_actor, earlier_hash, earlier_answer
    FROM submit_record($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
        $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)
"""


@dataclass(frozen=True)
class NewRecord:
    """A record that is not there yet. `unseen` and `shown` say what becomes of it where others look like it."""

    record_id: UUID
    reference: str
    edition: str
    organisation_id: UUID
    content: Content
    unseen: Literal["silent", "said"] = "silent"
    shown: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class NotAdded:
    """Why a record was not added, or not again: `seen` are records like it in sight, `earlier` is the command's row."""

    verdict: Literal["repeated", "likely_duplicate", "duplicate_unseen"]
    seen: tuple[UUID, ...]
    earlier: CommandRow | None


async def submit_record(
    db: Database, visitor: Visitor, command: CommandRow, record: NewRecord, events: Sequence[Event]
) -> NotAdded | None:
    """
    Add it; or say why not. Sets its own context.

    Raises asyncpg's `UniqueViolationError` when another record has the reference; nothing is kept then.
    """
    content = record.content
    row = await db.fetchrow(
        SUBMIT_RECORD,
        *scope_of(visitor),
        command.command_id,
        command.body_hash,
        command.answer,
        record.record_id,
        record.reference,
        record.edition,
        record.organisation_id,
        visitor.full_name,
        content.rating,
        *_person(content.person),
        content.search,
        json.dumps(content.answers),
        list(content.answers),
        *_columns(events),
        content.keys,
        record.unseen,
        record.shown,
    )
    if row is None:
        return None
    return NotAdded(row["verdict"], tuple(row["seen"] or ()), _earlier(command.command_id, row))


def _person(person: Person) -> tuple[object, ...]:
    return (
        person.locality,
        person.given_name,
        person.family_name,
        person.born,
        person.nhs_number,
        person.postcode,
    )


def _columns(events: Sequence[Event]) -> tuple[list[UUID], list[str], list[str], list[str]]:
    """The outbox rows of these events, column by column."""
    return (
        [each.event_id for each in events],
        [each.subject() for each in events],
        [each.event_type() for each in events],
        [each.model_dump_json() for each in events],
    )


def _earlier(command_id: UUID, row: Record) -> CommandRow | None:
    if row["earlier_actor"] is None:
        return None
    return CommandRow(command_id, row["earlier_actor"], row["earlier_hash"], row["earlier_answer"])


FIND_FOR_UPDATE = "SELECT * FROM find_for_update($1, $2, $3, $4, $5, $6, $7, $8)"


@dataclass(frozen=True, repr=False)
class Present:
    """A record in scope as it is now."""

    record_id: UUID
    reference: str
    edition: str
    archived: bool
    version: int
    organisation_id: UUID
    created_by: UUID
    is_held: bool
    answers: Answers


async def find_for_update(
    db: Database, visitor: Visitor, command_id: UUID, record_id: UUID
) -> tuple[CommandRow | None, Present | None]:
    """The command if it was carried out before, and the record. Not audited: nothing of it is shown."""
    (row,) = await db.fetch(FIND_FOR_UPDATE, *scope_of(visitor), command_id, record_id)
    return _earlier(command_id, row), _present(row) if row["record_id"] else None


def _present(row: Record) -> Present:
    return Present(
        record_id=row["record_id"],
        reference=row["reference"],
        edition=row["edition"],
        archived=row["status"] != 0,
        version=row["version"],
        organisation_id=row["organisation_id"],
        created_by=row["created_by"],
        is_held=row["is_held"],
        answers=ANSWERS.validate_json(row["answers"]),
    )


UPDATE_RECORD = """
    SELECT
        u.verdict, u.version_there, u.earlier_actor, u.earlier_hash, u.earlier_answer,
        CASE WHEN u.verdict = 'done' AND $29::text [] IS NOT NULL THEN keep_keys($10, $3, $29) END AS kept
    FROM update_record($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
        $22, $23, $24, $25, $26, $27, $28) AS u
"""


@dataclass(frozen=True, repr=False)
class Update:
    """What is to become of a record of this version. `rekeyed`: it is compared by something else than before."""

    record_id: UUID
    version: int
    content: Content
    rerated: bool
    changes: tuple[FieldChange, ...]
    rekeyed: bool = True


@dataclass(frozen=True)
class Updated:
    """What became of it: only `done` changed anything."""

    verdict: Verdict
    version: int | None
    earlier: CommandRow | None


async def update_record(
    db: Database, visitor: Visitor, command: CommandRow, update: Update, events: Sequence[Event]
) -> Updated:
    """Save a new version, if the version named is still the record's and it is active. Sets its own context."""
    content = update.content
    (row,) = await db.fetch(
        UPDATE_RECORD,
        *scope_of(visitor),
        command.command_id,
        command.body_hash,
        command.answer,
        update.record_id,
        update.version,
        visitor.full_name,
        content.rating,
        update.rerated,
        *_person(content.person),
        content.search,
        json.dumps(content.answers),
        json.dumps([[each.name, each.before, each.after] for each in update.changes]),
        [each.name for each in update.changes],
        *_columns(events),
        content.keys if update.rekeyed else None,
    )
    return _updated(command, row)


def _updated(command: CommandRow, row: Record) -> Updated:
    return Updated(row["verdict"], row["version_there"], _earlier(command.command_id, row))


REVIEW_RECORD = """
    SELECT verdict, version_there, earlier_actor, earlier_hash, earlier_answer
    FROM review_record($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""


async def review_record(
    db: Database, visitor: Visitor, command: CommandRow, present: Present, events: Sequence[Event]
) -> Updated:
    """Save that the rating stands, if the version is still the record's and it is active. Sets its own context."""
    (row,) = await db.fetch(
        REVIEW_RECORD,
        *scope_of(visitor),
        command.command_id,
        command.body_hash,
        command.answer,
        present.record_id,
        present.version,
        visitor.full_name,
        *_columns(events),
    )
    return _updated(command, row)

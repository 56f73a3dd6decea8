"""Queries of the versions of a record, and of its notes."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter

from services.referrals.rules.lists import ROOM, fitting
from services.referrals.store.scope import in_sight, sight_parameters
from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.reading import (
    PAGE,
    FieldChange,
    History,
    Notes,
    NoteShown,
    Past,
    PastWanted,
    RecordChange,
)
from shared.database import Database, as_json, scope_of
from shared.permissions import Visitor

NOTES: TypeAdapter[tuple[NoteShown, ...]] = TypeAdapter(tuple[NoteShown, ...])

FIND_CREATION = f"""
    SELECT record.created_at, record.created_by_name, v.changed_at AS loaded_at, v.rated_at
    FROM record
    LEFT JOIN record_version AS v ON v.record_id = record.id AND v.version = 0 AND v.act = 'loaded'
    WHERE {in_sight("record")} AND record.id = $4 AND (record.is_open OR $5)
"""  # noqa: S608  a condition of ours
MOST = 200  # in one reply; `fitting` returns as many of them as it has room for
# The query by `record_id` alone follows one that finds this record in scope, in the same transaction.
FIND_UPDATES = """
    SELECT version, act, changed_at, rated_at, changed_by_name, changes, count(*) OVER () AS there
    FROM record_version
    WHERE record_id = $1 AND version > 0
    ORDER BY version DESC
    OFFSET $2
    LIMIT $3
"""


async def find_history(
    db: Database, visitor: Visitor, record_id: UUID, skip: int, most: int = MOST, *, ended: bool = False
) -> History | None:
    """
    Return up to `most` versions of an open record in scope without its creation, the newest first. With `ended`, also
    of one that has ended.

    The newest `skip` versions are left out.
    """
    creation = await db.fetchrow(FIND_CREATION, *sight_parameters(visitor), record_id, ended)
    if creation is None:
        return None
    rows = await db.fetch(FIND_UPDATES, record_id, skip, most)
    updates = fitting([_change(row) for row in rows])
    return History(
        record_id=record_id,
        created_at=creation["created_at"],
        created_by=creation["created_by_name"],
        loaded_at=creation["loaded_at"],
        rated_at=creation["rated_at"],
        updates=updates,
        older=_older(rows[0]["there"] if rows else 0, skip, len(updates)),
    )


def _older(there: int, skip: int, shown: int) -> int:
    return max(there - skip - shown, 0)


def _change(row: Record) -> RecordChange:
    return RecordChange(
        version=row["version"],
        act=row["act"],
        changed_at=row["changed_at"],
        rated_at=row["rated_at"],
        changed_by=row["changed_by_name"],
        changes=_fields(json.loads(row["changes"])),
    )


def _fields(changes: list[list[Answer | None]]) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(name=str(name), before=before, after=after) for name, before, after in changes)


READ_PAST = """
    SELECT
        p.created_at, p.created_by, p.updates, p.updates_there, p.notes, p.notes_there, v.changed_at AS loaded_at,
        v.rated_at
    FROM read_past($1, $2, $3, $4, $5, $6) AS p
    LEFT JOIN LATERAL (
        SELECT l.changed_at, l.rated_at
        FROM record_version AS l
        WHERE l.record_id = $2 AND l.version = 0 AND l.act = 'loaded' AND p.created_at IS NOT NULL
    ) AS v ON true
"""


async def read_past(
    db: Database, visitor: Visitor, record_id: UUID, wanted: PastWanted, *, ended: bool, room: int = ROOM
) -> Past | None:
    """
    Return one page of the history and one of the notes of an open record in scope, audited. With `ended`, also of one
    that has ended.

    At most `room` bytes of each are returned. Sets its own context: must be called outside a transaction.
    """
    skipped = (wanted.skip_updates, wanted.skip_notes)
    row = await db.fetchrow(READ_PAST, as_json(scope_of(visitor)), record_id, ended, *skipped, PAGE)
    if row is None:
        return None
    updates = fitting(_updates(row["updates"]), room)
    notes = fitting(NOTES.validate_json(row["notes"]), room)
    return Past(
        history=History(
            record_id=record_id,
            created_at=row["created_at"],
            created_by=row["created_by"],
            loaded_at=row["loaded_at"],
            rated_at=row["rated_at"],
            updates=updates,
            older=_older(row["updates_there"], skipped[0], len(updates)),
        ),
        notes=Notes(record_id=record_id, notes=notes, older=_older(row["notes_there"], skipped[1], len(notes))),
    )


def _updates(text: str) -> list[RecordChange]:
    return [
        RecordChange(
            version=each["version"],
            act=each["act"],
            changed_at=datetime.fromisoformat(each["changed_at"]),
            rated_at=datetime.fromisoformat(each["rated_at"]) if each["rated_at"] else None,
            changed_by=each["changed_by"],
            changes=_fields(each["changes"]),
            leaving=each["leaving"] or {},
        )
        for each in json.loads(text)
    ]


FIND_RATINGS = f"""
    SELECT version, act, changed_at, rated_at, changed_by_name, changes
    FROM (
        SELECT version, act, changed_at, rated_at, changed_by_name, jsonb_path_query_array(
            changes, 'strict $[*] ? (@[0] == $question)', jsonb_build_object('question', $6::text)
        ) AS changes
        FROM record_version
        WHERE record_id = $4 AND version < $5
            AND EXISTS (SELECT FROM record AS r WHERE {in_sight()} AND r.id = $4)
    ) AS older
    WHERE changes <> '[]'
    ORDER BY version DESC
    LIMIT {MOST + 1}
"""  # noqa: S608  a condition and a number of ours


async def find_ratings(
    db: Database, visitor: Visitor, record_id: UUID, before: int, question: str
) -> tuple[RecordChange, ...] | None:
    """Return the changes of the rating before a version, the newest first; None if there are more than `MOST`."""
    rows = await db.fetch(FIND_RATINGS, *sight_parameters(visitor), record_id, before, question)
    return None if len(rows) > MOST else tuple(_change(row) for row in rows)


FIND_AND_HOLD = f"""
    SELECT is_open, created_by, id = ANY(held_ids()) AS is_held
    FROM record
    WHERE {in_sight("record")} AND id = $4
    FOR SHARE
"""  # noqa: S608  a condition of ours


@dataclass(frozen=True)
class LockedRecord:
    """A record that no other transaction can change until this one ends."""

    is_open: bool
    created_by: UUID
    is_held: bool


async def hold_record(db: Database, visitor: Visitor, record_id: UUID) -> LockedRecord | None:
    row = await db.fetchrow(FIND_AND_HOLD, *sight_parameters(visitor), record_id)
    return None if row is None else LockedRecord(**row)


ADD_NOTE = """
    INSERT INTO note (id, record_id, text, written_by, written_by_name)
    VALUES ($1, $2, $3, $4, $5)
"""


async def add_note(db: Database, note_id: UUID, record_id: UUID, text: str, by: tuple[UUID, str]) -> None:
    await db.execute(ADD_NOTE, note_id, record_id, text, *by)

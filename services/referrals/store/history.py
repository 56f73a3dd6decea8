"""Queries of the versions of a record, and of its notes."""

import json
from dataclasses import dataclass
from uuid import UUID

from asyncpg import Record

from services.referrals.rules.lists import fitting
from services.referrals.store.scope import in_scope, scope_parameters
from shared.contracts.referrals.reading import FieldChange, History, Notes, NoteShown, RecordChange
from shared.database import Database
from shared.permissions import Visitor

FIND_CREATION = f"""
    SELECT created_at, created_by_name
    FROM record
    WHERE {in_scope("record")} AND id = $3 AND (is_open OR $4)
"""  # noqa: S608  a condition of ours
MOST = 200  # in one reply; `fitting` returns as many of them as it has room for
# The queries by `record_id` alone follow one that finds this record in scope, in the same transaction.
FIND_UPDATES = """
    SELECT version, act, changed_at, changed_by_name, changes, count(*) OVER () AS there
    FROM record_version
    WHERE record_id = $1 AND act <> 'created'
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
    creation = await db.fetchrow(FIND_CREATION, *scope_parameters(visitor), record_id, ended)
    if creation is None:
        return None
    rows = await db.fetch(FIND_UPDATES, record_id, skip, most)
    updates = fitting([_change(row) for row in rows])
    return History(
        record_id=record_id,
        created_at=creation["created_at"],
        created_by=creation["created_by_name"],
        updates=updates,
        older=_older(rows, skip, len(updates)),
    )


def _older(rows: list[Record], skip: int, shown: int) -> int:
    there: int = rows[0]["there"] if rows else 0
    return max(there - skip - shown, 0)


def _change(row: Record) -> RecordChange:
    changes = [FieldChange(name=name, before=before, after=after) for name, before, after in json.loads(row["changes"])]
    return RecordChange(
        version=row["version"],
        act=row["act"],
        changed_at=row["changed_at"],
        changed_by=row["changed_by_name"],
        changes=tuple(changes),
    )


FIND_RATINGS = f"""
    SELECT version, act, changed_at, changed_by_name, changes
    FROM (
        SELECT version, act, changed_at, changed_by_name, jsonb_path_query_array(
            changes, 'strict $[*] ? (@[0] == $question)', jsonb_build_object('question', $3::text)
        ) AS changes
        FROM record_version
        WHERE record_id = $1 AND version < $2
    ) AS older
    WHERE changes <> '[]'
    ORDER BY version DESC
    LIMIT {MOST + 1}
"""  # noqa: S608  a number of ours


async def find_ratings(db: Database, record_id: UUID, before: int, question: str) -> tuple[RecordChange, ...] | None:
    """Return the changes of the rating before a version, the newest first; None if there are more than `MOST`."""
    rows = await db.fetch(FIND_RATINGS, record_id, before, question)
    return None if len(rows) > MOST else tuple(_change(row) for row in rows)


FIND_NOTES = """
    SELECT id AS note_id, text, written_by_name AS written_by, written_at, count(*) OVER () AS there
    FROM note
    WHERE record_id = $1
    ORDER BY written_at DESC, id DESC
    OFFSET $2
    LIMIT $3
"""


async def find_notes(db: Database, record_id: UUID, skip: int, most: int) -> Notes:
    """Return up to `most` notes on a record in scope, the newest first, without the newest `skip`."""
    rows = await db.fetch(FIND_NOTES, record_id, skip, most)
    notes = fitting([_note(row) for row in rows])
    return Notes(record_id=record_id, notes=notes, older=_older(rows, skip, len(notes)))


def _note(row: Record) -> NoteShown:
    return NoteShown(
        note_id=row["note_id"], text=row["text"], written_by=row["written_by"], written_at=row["written_at"]
    )


FIND_AND_HOLD = f"""
    SELECT is_open, created_by, id = ANY(held_ids()) AS is_held
    FROM record
    WHERE {in_scope("record")} AND id = $3
    FOR SHARE
"""  # noqa: S608  a condition of ours


@dataclass(frozen=True)
class LockedRecord:
    """A record that no other transaction can change until this one ends."""

    is_open: bool
    created_by: UUID
    is_held: bool


async def hold_record(db: Database, visitor: Visitor, record_id: UUID) -> LockedRecord | None:
    row = await db.fetchrow(FIND_AND_HOLD, *scope_parameters(visitor), record_id)
    return None if row is None else LockedRecord(**row)


ADD_NOTE = """
    INSERT INTO note (id, record_id, text, written_by, written_by_name)
    VALUES ($1, $2, $3, $4, $5)
"""


async def add_note(db: Database, note_id: UUID, record_id: UUID, text: str, by: tuple[UUID, str]) -> None:
    await db.execute(ADD_NOTE, note_id, record_id, text, *by)

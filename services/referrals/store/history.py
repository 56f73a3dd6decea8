"""What was changed in a record, and the notes on it."""

import json
from dataclasses import dataclass
from uuid import UUID

from asyncpg import Record

from shared.contracts.referrals import Change, FieldChange, History, Notes, NoteShown
from shared.database import Database

FIND_CREATION = """
    SELECT created_at, created_by_name
    FROM record
    WHERE id = $1 AND register_code = $2 AND status = 0
"""
FIND_UPDATES = """
    SELECT version, changed_at, changed_by_name, changes
    FROM record_version
    WHERE record_id = $1 AND act = 'updated'
    ORDER BY version DESC
"""


async def find_history(db: Database, register_code: str, record_id: UUID) -> History | None:
    """Every update of an active record in scope, the newest first."""
    creation = await db.fetchrow(FIND_CREATION, record_id, register_code)
    if creation is None:
        return None
    return History(
        record_id=record_id,
        created_at=creation["created_at"],
        created_by=creation["created_by_name"],
        updates=tuple(_change(row) for row in await db.fetch(FIND_UPDATES, record_id)),
    )


def _change(row: Record) -> Change:
    changes = [FieldChange(name=name, before=before, after=after) for name, before, after in json.loads(row["changes"])]
    return Change(
        version=row["version"],
        changed_at=row["changed_at"],
        changed_by=row["changed_by_name"],
        changes=tuple(changes),
    )


FIND_NOTES = """
    SELECT id AS note_id, text, written_by_name AS written_by, written_at
    FROM note
    WHERE record_id = $1
    ORDER BY written_at DESC, id DESC
"""


async def find_notes(db: Database, register_code: str, record_id: UUID) -> Notes | None:
    """The notes on an active record in scope, the newest first."""
    if await db.fetchrow(FIND_CREATION, record_id, register_code) is None:
        return None
    notes = tuple(NoteShown(**row) for row in await db.fetch(FIND_NOTES, record_id))
    return Notes(record_id=record_id, notes=notes)


FIND_AND_HOLD = """
    SELECT status, created_by
    FROM record
    WHERE id = $1 AND register_code = $2
    FOR SHARE
"""


@dataclass(frozen=True)
class Held:
    """A record that nobody can change until this transaction ends."""

    archived: bool
    created_by: UUID


async def hold_record(db: Database, register_code: str, record_id: UUID) -> Held | None:
    row = await db.fetchrow(FIND_AND_HOLD, record_id, register_code)
    return None if row is None else Held(row["status"] != 0, row["created_by"])


ADD_NOTE = """
    INSERT INTO note (id, record_id, text, written_by, written_by_name)
    VALUES ($1, $2, $3, $4, $5)
"""


async def add_note(db: Database, note_id: UUID, record_id: UUID, text: str, by: tuple[UUID, str]) -> None:
    await db.execute(ADD_NOTE, note_id, record_id, text, *by)

"""The queries on records that moved to other bodies, so that the mails about them follow."""

from datetime import timedelta
from uuid import UUID

from shared.database import Database, DatabasePool
from shared.registers.bodies import Compartment

HOLD_RECORD = "SELECT hold_record($1)"
ADD_MOVE = """
    INSERT INTO record_moved (record_id, version, bodies) VALUES ($1, $2, $3)
    ON CONFLICT (record_id) DO UPDATE
    SET version = excluded.version, bodies = excluded.bodies, moved_at = excluded.moved_at
    WHERE record_moved.version < excluded.version
    RETURNING record_id
"""
MOVE_MAILS = "SELECT move_mails($1, $2)"
FIND_MOVED_TO = "SELECT bodies FROM record_moved WHERE record_id = $1 AND version > $2"
FORGET_OLD = "DELETE FROM record_moved WHERE moved_at < statement_timestamp() - $1::interval"


class RecordHasMoved(Exception):
    """The record moved to other bodies after the recipients of a mail were found."""


async def hold_record(db: Database, record_id: UUID) -> None:
    """Let no other transaction add or move mails about the record until this one ends."""
    await db.execute(HOLD_RECORD, record_id)


async def move_mails(db: Database, record_id: UUID, version: int, compartment: Compartment) -> None:
    """Move all mails about a record to this compartment, unless a move by a later version is known."""
    await hold_record(db, record_id)
    if await db.fetchval(ADD_MOVE, record_id, version, compartment.bodies) is not None:
        await db.execute(MOVE_MAILS, record_id, compartment.compartment_id)


async def find_moved_to(db: "DatabasePool | Database", record_id: UUID, version: int) -> tuple[str, ...]:
    """Return the bodies to which the record moved after this version, or none if it did not."""
    return tuple(await db.fetchval(FIND_MOVED_TO, record_id, version) or ())


async def forget_old(pool: DatabasePool, kept_for: timedelta) -> None:
    await pool.execute(FORGET_OLD, kept_for)

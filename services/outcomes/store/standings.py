"""The queries that keep the task of a record in line with its rating, and what is stored of it in its compartment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.outcomes.rules import KnownRecord, OpenTask
from shared.contracts.outcomes import TaskKind
from shared.contracts.referrals.standing import RecordStanding
from shared.database import Database, as_json
from shared.registers.bodies import compartment_of

HOLD_STANDING = "SELECT known, task_id, kind, register_code, opened_at FROM hold_standing($1, $2, $3)"


async def hold_standing(db: Database, record_id: UUID, standing: RecordStanding | None) -> KnownRecord:
    """Lock a record until the transaction ends, and store this version as known. Return what was known before."""
    version, compartment_id = (standing.version, _compartment_id(standing)) if standing else (0, None)
    (row,) = await db.fetch(HOLD_STANDING, record_id, version, compartment_id)
    return _held(row)


def _compartment_id(standing: RecordStanding) -> UUID:
    return compartment_of(standing.register_code, standing.bodies).compartment_id


FIND_STANDINGS = """
    SELECT record_id, known, task_id, kind, register_code, opened_at
    FROM find_standings($1)
"""


async def find_standings(db: Database, record_ids: Sequence[UUID]) -> dict[UUID, KnownRecord]:
    """Return what is known of these records, without locking. Unknown records are left out."""
    return {row["record_id"]: _held(row) for row in await db.fetch(FIND_STANDINGS, record_ids)}


def _held(row: Record) -> KnownRecord:
    task = {name: row[name] for name in ("task_id", "kind", "register_code", "opened_at")}
    return KnownRecord(row["known"], OpenTask(**task) if row["task_id"] else None)


OPEN_TASK = "SELECT open_task($1)"


@dataclass(frozen=True)
class NewTask:
    """A task in the form that the SQL function `open_task` reads."""

    task_id: UUID
    kind: TaskKind
    register_code: str
    compartment_id: UUID
    record_id: UUID
    record_version: int
    reference: str
    locality: str | None
    opened_at: datetime


async def open_task(db: Database, task_id: UUID, kind: TaskKind, standing: RecordStanding) -> None:
    """Add a task. It counts as open from the moment of the rating."""
    task = NewTask(
        task_id=task_id,
        kind=kind,
        register_code=standing.register_code,
        compartment_id=_compartment_id(standing),
        record_id=standing.record_id,
        record_version=standing.version,
        reference=standing.reference,
        locality=standing.locality,
        opened_at=standing.rated_at,
    )
    await db.execute(OPEN_TASK, as_json(task))


KEEP_TASK = "SELECT keep_task($1, $2, $3)"


async def keep_task(db: Database, task_id: UUID, standing: RecordStanding) -> None:
    await db.execute(KEEP_TASK, task_id, standing.version, standing.locality)


MOVE_RECORD = "SELECT move_record($1, $2)"


async def move_record(db: Database, standing: RecordStanding) -> None:
    """Move the record's outcomes and tasks to the compartment of this standing, which must be stored already."""
    await db.execute(MOVE_RECORD, standing.record_id, _compartment_id(standing))


CLOSE_TASK = "SELECT close_task($1, $2)"


async def close_task(db: Database, task_id: UUID, moment: datetime) -> None:
    await db.execute(CLOSE_TASK, task_id, moment)


RECORDS_WITH_TASKS = "SELECT record_id FROM records_with_tasks($1, $2) AS record_id"


async def records_with_tasks(db: Database, after: UUID, last: UUID) -> list[UUID]:
    return [row["record_id"] for row in await db.fetch(RECORDS_WITH_TASKS, after, last)]

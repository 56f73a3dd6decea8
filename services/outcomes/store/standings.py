"""The queries that keep the task of a record in line with its rating, and what is stored of it in its compartment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.outcomes.rules import KnownRecord, OpenTask
from shared.contracts.outcomes import TaskKind
from shared.contracts.referrals.standing import RecordStanding
from shared.database import Database, as_json, execute_for_each
from shared.registers.bodies import compartment_of

HOLD_STANDINGS = """
    SELECT record_id, known, task_id, kind, register_code, opened_at
    FROM hold_standings($1, $2, $3)
"""


async def hold_standings(db: Database, standings: Mapping[UUID, RecordStanding | None]) -> Mapping[UUID, KnownRecord]:
    """
    Lock records until the transaction ends, and store these versions as known. Return what was known before.

    The outcomes and tasks of a record move to the compartment of its standing, which must be stored already. None
    stands for a record that no longer exists.
    """
    versions = [each.version if each else 0 for each in standings.values()]
    compartments = [_compartment_id(each) if each else None for each in standings.values()]
    rows = await db.fetch(HOLD_STANDINGS, list(standings), versions, compartments)
    return {row["record_id"]: _held(row) for row in rows}


def _compartment_id(standing: RecordStanding) -> UUID:
    return compartment_of(standing.register_code, standing.bodies).compartment_id


NOTE_OPEN = "SELECT note_open($1, $2, $3, $4)"
NOTE_REVIEWS = "SELECT note_reviews($1, $2, $3, $4, $5, $6)"


async def note_open(
    db: Database,
    held: Mapping[UUID, KnownRecord],
    standings: Mapping[UUID, RecordStanding | None],
    moment: datetime,
) -> None:
    """
    Store of held records whether they are on the register, unless a newer version was known before.

    Of those that are also the days agreed for their next reviews.
    """
    found = [
        (record_id, each is not None and each.is_open, each is None or each.version > held[record_id].known)
        for record_id, each in standings.items()
        if each is None or each.version >= held[record_id].known
    ]
    if found:
        record_ids, are_open, are_new = zip(*found, strict=True)
        await db.execute(NOTE_OPEN, record_ids, are_open, are_new, moment)
        await db.execute(NOTE_REVIEWS, *zip(*(_review(each, standings[each]) for each in record_ids), strict=True))


def _review(record_id: UUID, standing: RecordStanding | None) -> tuple[object, ...]:
    """Return the day agreed for the next review of a record, with what is stored beside it. None: forget it."""
    if standing is None or not standing.is_open or standing.review_on is None:
        return record_id, None, None, None, None, None
    where = (standing.register_code, _compartment_id(standing), standing.reference, standing.locality)
    return record_id, *where, standing.review_on


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
    """
    A task in the form that the SQL function `open_task` reads. `is_told`: a notice told people of the rating.
    """

    task_id: UUID
    kind: TaskKind
    register_code: str
    compartment_id: UUID
    record_id: UUID
    record_version: int
    reference: str
    locality: str | None
    opened_at: datetime
    is_told: bool


def new_task(task_id: UUID, kind: TaskKind, standing: RecordStanding) -> NewTask:
    """Return a task for a record. It counts as open from the moment of the rating."""
    return NewTask(
        task_id=task_id,
        kind=kind,
        register_code=standing.register_code,
        compartment_id=_compartment_id(standing),
        record_id=standing.record_id,
        record_version=standing.version,
        reference=standing.reference,
        locality=standing.locality,
        opened_at=standing.rated_at,
        is_told=standing.is_told,
    )


async def open_tasks(db: Database, tasks: Iterable[NewTask]) -> None:
    await execute_for_each(db, OPEN_TASK, [(as_json(task),) for task in tasks])


KEEP_TASK = "SELECT keep_task($1, $2, $3)"


async def keep_tasks(db: Database, kept: Iterable[tuple[UUID, RecordStanding]]) -> None:
    """Update tasks, named by their ids, to a newer version of their records."""
    await execute_for_each(db, KEEP_TASK, [(task_id, each.version, each.locality) for task_id, each in kept])


CLOSE_TASK = "SELECT close_task($1, $2)"


async def close_tasks(db: Database, task_ids: Iterable[UUID], moment: datetime) -> None:
    await execute_for_each(db, CLOSE_TASK, [(task_id, moment) for task_id in task_ids])


RECORDS_WITH_TASKS = "SELECT record_id FROM records_with_tasks($1, $2) AS record_id"


async def records_with_tasks(db: Database, after: UUID, last: UUID) -> list[UUID]:
    return [row["record_id"] for row in await db.fetch(RECORDS_WITH_TASKS, after, last)]

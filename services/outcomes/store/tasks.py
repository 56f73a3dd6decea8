"""The queries on tasks: the work list of a visitor, who has seen a task, and those that no one has seen in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.outcomes.store.compartments import stored_compartment
from shared.contracts.outcomes import TaskCounts, TaskKind, TaskShown
from shared.database import Database, reach_of
from shared.permissions import Visitor
from shared.registers.bodies import Compartment

LIST_URGENT = """
    SELECT t.id AS task_id, t.record_id, t.record_version AS version, t.reference, t.locality, t.opened_at,
        t.seen_by_name AS seen_by, t.seen_at, t.told_again_at, t.is_told,
        CASE WHEN c.compartment_id IS NULL THEN t.compartment_id END AS organisation_id
    FROM urgent_task_ids($1, $2, $3, $4) WITH ORDINALITY AS f (id, place)
    INNER JOIN task AS t ON t.id = f.id
    LEFT JOIN compartment AS c ON c.compartment_id = t.compartment_id
    ORDER BY f.place
"""
LIST_AGENDA = """
    SELECT t.id AS task_id, t.record_id, t.record_version AS version, t.reference, t.locality, t.opened_at,
        CASE WHEN c.compartment_id IS NULL THEN t.compartment_id END AS organisation_id
    FROM agenda_task_ids($1, $2, $3, $4) WITH ORDINALITY AS f (id, place)
    INNER JOIN task AS t ON t.id = f.id
    LEFT JOIN compartment AS c ON c.compartment_id = t.compartment_id
    ORDER BY f.place
"""
LISTS: dict[TaskKind, str] = {"urgent": LIST_URGENT, "agenda": LIST_AGENDA}


async def list_tasks(db: Database, visitor: Visitor, kind: TaskKind, skip: int, most: int) -> tuple[TaskShown, ...]:
    """Return tasks: urgent ones with the unseen first, or the agenda by locality. The oldest come first."""
    rows = await db.fetch(LISTS[kind], visitor.register_code, reach_of(visitor), skip, most)
    return tuple(TaskShown(**dict(row)) for row in rows)


LIST_DISCUSSED = """
    SELECT t.id AS task_id, t.record_id, t.record_version AS version, t.reference, t.locality, t.opened_at,
        t.discussed_by_name AS discussed_by, t.discussed_at,
        CASE WHEN c.compartment_id IS NULL THEN t.compartment_id END AS organisation_id
    FROM task AS t
    LEFT JOIN compartment AS c ON c.compartment_id = t.compartment_id
    WHERE t.register_code = $1 AND ($2::uuid [] IS NULL OR t.compartment_id = ANY($2))
        AND t.kind = 'agenda' AND t.closed_at IS NULL AND t.discussed_at IS NOT NULL
    ORDER BY t.discussed_at DESC, t.id
    LIMIT $3
"""


async def list_discussed(db: Database, visitor: Visitor, most: int) -> tuple[TaskShown, ...]:
    """Return the tasks that are off the agenda because a meeting discussed them, the last discussed first."""
    rows = await db.fetch(LIST_DISCUSSED, visitor.register_code, reach_of(visitor), most)
    return tuple(TaskShown(**dict(row)) for row in rows)


COUNT_MET = """
    SELECT count(*)
    FROM task AS t
    WHERE t.register_code = $1 AND ($2::uuid [] IS NULL OR t.compartment_id = ANY($2))
        AND t.kind = 'urgent' AND t.closed_at IS NULL
        AND EXISTS (
            SELECT FROM outcome AS o
            WHERE o.record_id = t.record_id AND o.state = 'saved' AND o.recorded_at >= t.opened_at
        )
"""


async def count_met(db: Database, visitor: Visitor) -> int:
    """Return how many urgent tasks have an outcome since the rating that opened them."""
    found: int = await db.fetchval(COUNT_MET, visitor.register_code, reach_of(visitor))
    return found


COUNT_TASKS = """
    SELECT urgent, unseen, (
        SELECT count(*)
        FROM task AS t
        WHERE t.register_code = $1 AND t.kind = 'agenda' AND t.closed_at IS NULL AND t.discussed_at IS NULL
            AND ($2::uuid [] IS NULL OR t.compartment_id = ANY($2))
    ) AS agenda
    FROM count_urgent($1, $2)
"""


async def count_tasks(db: Database, visitor: Visitor) -> TaskCounts:
    (row,) = await db.fetch(COUNT_TASKS, visitor.register_code, reach_of(visitor))
    return TaskCounts(**dict(row))


FIND_URGENT = """
    SELECT t.id AS task_id, t.record_id, t.record_version AS version, t.reference, t.locality, t.opened_at,
        t.seen_by_name AS seen_by, t.seen_at, t.told_again_at,
        CASE WHEN c.compartment_id IS NULL THEN t.compartment_id END AS organisation_id
    FROM task AS t
    LEFT JOIN compartment AS c ON c.compartment_id = t.compartment_id
    WHERE t.record_id = $1 AND t.kind = 'urgent' AND t.closed_at IS NULL AND t.register_code = $2
        AND ($3::uuid [] IS NULL OR t.compartment_id = ANY($3))
"""


async def find_urgent(db: Database, visitor: Visitor, record_id: UUID) -> TaskShown | None:
    """Return the open urgent task of a record in the visitor's scope."""
    row = await db.fetchrow(FIND_URGENT, record_id, visitor.register_code, reach_of(visitor))
    return None if row is None else TaskShown(**dict(row))


HOLD_URGENT = """
    SELECT record_id, seen_by, seen_by_name, seen_at, closed_at IS NOT NULL AS closed
    FROM task
    WHERE id = $1 AND kind = 'urgent' AND register_code = $2
        AND ($3::uuid [] IS NULL OR compartment_id = ANY($3))
    FOR UPDATE
"""


@dataclass(frozen=True, repr=False)
class Urgent:
    """An urgent task, locked until the transaction ends, and who has seen it."""

    record_id: UUID
    seen_by: UUID | None
    seen_by_name: str | None
    seen_at: datetime | None
    closed: bool


async def hold_urgent(db: Database, visitor: Visitor, task_id: UUID) -> Urgent | None:
    row = await db.fetchrow(HOLD_URGENT, task_id, visitor.register_code, reach_of(visitor))
    return None if row is None else Urgent(**dict(row))


MARK_SEEN = "UPDATE task SET seen_by = $2, seen_by_name = $3, seen_at = $4 WHERE id = $1"


async def mark_seen(db: Database, visitor: Visitor, task_id: UUID, moment: datetime) -> None:
    await db.execute(MARK_SEEN, task_id, visitor.user_id, visitor.full_name, moment)


HOLD_AGENDA = """
    SELECT t.record_id, t.record_version, t.compartment_id, c.bodies, t.discussed_at IS NOT NULL AS discussed,
        t.closed_at IS NOT NULL AS closed
    FROM task AS t
    LEFT JOIN compartment AS c ON c.compartment_id = t.compartment_id
    WHERE t.id = $1 AND t.kind = 'agenda' AND t.register_code = $2
        AND ($3::uuid [] IS NULL OR t.compartment_id = ANY($3))
    FOR UPDATE OF t
"""


@dataclass(frozen=True)
class AgendaTask:
    """A task of the agenda, locked until the transaction ends, and whether a meeting discussed it."""

    record_id: UUID
    version: int
    compartment: Compartment
    discussed: bool
    closed: bool


async def hold_agenda(db: Database, visitor: Visitor, task_id: UUID) -> AgendaTask | None:
    row = await db.fetchrow(HOLD_AGENDA, task_id, visitor.register_code, reach_of(visitor))
    if row is None:
        return None
    compartment = stored_compartment(row["compartment_id"], row["bodies"])
    return AgendaTask(row["record_id"], row["record_version"], compartment, row["discussed"], row["closed"])


MARK_DISCUSSED = """
    UPDATE task SET discussed_at = $2, discussed_by = $3, discussed_by_name = $4 WHERE id = $1
"""


async def mark_discussed(db: Database, task_id: UUID, moment: datetime | None, by: tuple[UUID, str] | None) -> None:
    """Mark the task as discussed by this user, or as not discussed if there is no moment."""
    await db.execute(MARK_DISCUSSED, task_id, moment, *(by or (None, None)))


TAKE_NOT_SEEN = """
    SELECT t.task_id, t.register_code, t.compartment_id, c.bodies, t.record_id, t.record_version, t.reference
    FROM take_not_seen($1, $2, $3, $4) AS t
    LEFT JOIN compartment AS c ON c.compartment_id = t.compartment_id
"""


@dataclass(frozen=True)
class NotSeen:
    """An urgent task that no one has seen in time, by ids and its record's reference."""

    task_id: UUID
    register_code: str
    compartment: Compartment
    record_id: UUID
    record_version: int
    reference: str


async def take_not_seen(
    db: Database, registers: Sequence[str], opened_by: Sequence[datetime], moment: datetime, most: int
) -> list[NotSeen]:
    """Take unseen urgent tasks, each once. The caller must publish them in the same transaction."""
    rows = await db.fetch(TAKE_NOT_SEEN, registers, opened_by, moment, most)
    return [
        NotSeen(
            task_id=row["task_id"],
            register_code=row["register_code"],
            compartment=stored_compartment(row["compartment_id"], row["bodies"]),
            record_id=row["record_id"],
            record_version=row["record_version"],
            reference=row["reference"],
        )
        for row in rows
    ]

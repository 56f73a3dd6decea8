"""The queries on the schema of outcomes: outcomes, those that end their record, the feed, and tasks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter

from services.outcomes.rules import KnownRecord, OpenTask
from shared.contracts.outcomes import FedOutcome, OutcomeFeedPage, OutcomeShown, TaskCounts, TaskKind, TaskShown
from shared.contracts.referrals.answers import Answers
from shared.contracts.referrals.standing import RecordStanding
from shared.database import Database, as_json
from shared.permissions import Visitor

ANSWERS: TypeAdapter[Answers] = TypeAdapter(Answers)

HOLD_RECORD = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.record.' || $1, 0))"


async def hold_record(db: Database, record_id: UUID) -> None:
    """Lock the record, so that no other outcome is recorded on it until the transaction ends."""
    await db.execute(HOLD_RECORD, record_id.hex)


MARK_REVERSED = "SELECT mark_reversed($1, $2)"


async def mark_reversed(db: Database, record_id: UUID, version: int) -> None:
    """
    Mark as reversed the outcomes that archived an earlier version. The record is active with this version.

    Call this while the record is locked, so that another outcome may archive it again.
    """
    await db.execute(MARK_REVERSED, record_id, version)


FIND_ENDING_STATE = """
    SELECT state
    FROM outcome
    WHERE record_id = $1 AND ending AND state IN ('pending', 'saved') AND reversed_at IS NULL
"""


async def find_ending_state(db: Database, record_id: UUID) -> str | None:
    """Return the state of the outcome that ends the record or is about to, or None if there is none."""
    state: str | None = await db.fetchval(FIND_ENDING_STATE, record_id)
    return state


ADD_OUTCOME = """
    INSERT INTO outcome (
        id, register_code, edition, record_id, record_version, organisation_id, answers, recorded_by, recorded_by_name,
        ending, state
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""


@dataclass(frozen=True, repr=False)
class NewOutcome:
    """An outcome to be added. If it ends its record, its first state is pending."""

    outcome_id: UUID
    edition: str
    record_id: UUID
    record_version: int
    organisation_id: UUID
    answers: Answers
    ending: bool


async def add_outcome(db: Database, visitor: Visitor, outcome: NewOutcome) -> None:
    await db.execute(
        ADD_OUTCOME,
        outcome.outcome_id,
        visitor.register_code,
        outcome.edition,
        outcome.record_id,
        outcome.record_version,
        outcome.organisation_id,
        json.dumps(outcome.answers),
        visitor.user_id,
        visitor.full_name,
        outcome.ending,
        "pending" if outcome.ending else "saved",
    )


LIST_OUTCOMES = """
    SELECT c.recorded, c.being_archived, o.*
    FROM (
        SELECT
            count(*) FILTER (WHERE state = 'saved') AS recorded,
            coalesce(bool_or(state = 'pending'), false) AS being_archived
        FROM outcome
        WHERE record_id = $1 AND register_code = $2
    ) AS c
    LEFT JOIN (
        SELECT id, edition, answers, recorded_by_name, recorded_at, ending, state = 'saved' AS counted, record_version
        FROM outcome
        WHERE record_id = $1 AND register_code = $2 AND state IN ('saved', 'given_up')
        ORDER BY recorded_at DESC, id DESC
        OFFSET $3
        LIMIT $4
    ) AS o ON true
    ORDER BY o.recorded_at DESC, o.id DESC
"""


@dataclass(frozen=True, repr=False)
class Listed:
    """Outcomes with the record's version and the size of each, and the counts at the same moment."""

    outcomes: list[OutcomeShown]
    versions: list[int]
    sizes: list[int]
    recorded: int
    being_archived: bool


async def list_outcomes(db: Database, register_code: str, record_id: UUID, skip: int, most: int) -> Listed:
    """Return the outcomes and counts from one statement, so that they match. Counts are present without any outcome."""
    rows = await db.fetch(LIST_OUTCOMES, record_id, register_code, skip, most)
    found = [row for row in rows if row["id"] is not None]
    return Listed(
        outcomes=[_shown(row) for row in found],
        versions=[row["record_version"] for row in found],
        sizes=[len(row["answers"].encode()) for row in found],
        recorded=rows[0]["recorded"],
        being_archived=rows[0]["being_archived"],
    )


def _shown(row: Record) -> OutcomeShown:
    return OutcomeShown(
        outcome_id=row["id"],
        edition=row["edition"],
        answers=ANSWERS.validate_json(row["answers"]),
        recorded_by=row["recorded_by_name"],
        recorded_at=row["recorded_at"],
        ending=row["ending"],
        counted=row["counted"],
    )


# --------------------------------------------------------------------------------------- outcomes that end their record
@dataclass(frozen=True)
class Ending:
    """An outcome that ends its record, by ids only."""

    outcome_id: UUID
    register_code: str
    record_id: UUID
    record_version: int
    organisation_id: UUID
    recorded_by: UUID


FIND_ENDING = """
    SELECT id AS outcome_id, register_code, record_id, record_version, organisation_id, recorded_by, state, refusal
    FROM outcome
    WHERE id = $1 AND ending
"""


@dataclass(frozen=True)
class PendingOutcome:
    """The state of an outcome that ends its record. `refusal` is set if it does not count."""

    ending: Ending
    saved: bool
    refusal: str | None


async def find_ending(db: Database, outcome_id: UUID) -> PendingOutcome | None:
    row = await db.fetchrow(FIND_ENDING, outcome_id)
    if row is None:
        return None
    fields = dict(row)
    state, refusal = fields.pop("state"), fields.pop("refusal")
    return PendingOutcome(Ending(**fields), state == "saved", refusal)


TAKE_PENDING = """
    SELECT outcome_id, register_code, record_id, record_version, organisation_id, recorded_by
    FROM take_pending($1)
"""


async def take_pending(db: Database, most: int) -> list[Ending]:
    """
    Take outcomes of any organisation that have waited for ten seconds. No other replica gets them for the next ten.
    """
    return [Ending(**dict(row)) for row in await db.fetch(TAKE_PENDING, most)]


SETTLE = "SELECT settle_ending($1, $2, $3)"


async def settle(
    db: Database, outcome_id: UUID, state: Literal["saved", "refused", "given_up"], refusal: str | None = None
) -> bool:
    """Settle a pending outcome. Return False if it was settled before."""
    was_pending: bool = await db.fetchval(SETTLE, outcome_id, state, refusal)
    return was_pending


# ------------------------------------------------------------------------------------------------------------ the feed
ASSIGN_FEED = "SELECT assign_feed()"
READ_FEED = """
    SELECT found, sequence, outcome_id, record_id, register_code, edition, organisation_id, recorded_by, recorded_at,
        ending, answers
    FROM read_feed($1, $2, $3)
"""


async def read_feed(db: Database, after: int, most: int, most_bytes: int) -> OutcomeFeedPage:
    """Return the outcomes that count, after a place in the feed. Call this outside a transaction."""
    await db.execute(ASSIGN_FEED)
    rows = await db.fetch(READ_FEED, after, most, most_bytes)
    if not rows:
        return OutcomeFeedPage(outcomes=(), last=after, more=False)
    found: int = rows[0]["found"]
    return OutcomeFeedPage(
        outcomes=tuple(_fed(row) for row in rows),
        last=rows[-1]["sequence"],
        more=found == most or found > len(rows),
    )


def _fed(row: Record) -> FedOutcome:
    fields = dict(row)
    del fields["found"]
    return FedOutcome(**(fields | {"answers": ANSWERS.validate_json(row["answers"])}))


# --------------------------------------------------------------------------------------------------------------- tasks
HOLD_STANDING = "SELECT known, task_id, kind, register_code, opened_at FROM hold_standing($1, $2)"


async def hold_standing(db: Database, record_id: UUID, version: int) -> KnownRecord:
    """Lock a record until the transaction ends, and store this version as known. Return what was known before."""
    (row,) = await db.fetch(HOLD_STANDING, record_id, version)
    return _held(row)


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
    organisation_id: UUID
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
        organisation_id=standing.organisation_id,
        record_id=standing.record_id,
        record_version=standing.version,
        reference=standing.reference,
        locality=standing.locality,
        opened_at=standing.rated_at,
    )
    await db.execute(OPEN_TASK, as_json(task))


KEEP_TASK = "SELECT keep_task($1, $2, $3, $4)"


async def keep_task(db: Database, task_id: UUID, standing: RecordStanding) -> None:
    await db.execute(KEEP_TASK, task_id, standing.version, standing.organisation_id, standing.locality)


CLOSE_TASK = "SELECT close_task($1, $2)"


async def close_task(db: Database, task_id: UUID, moment: datetime) -> None:
    await db.execute(CLOSE_TASK, task_id, moment)


RECORDS_WITH_TASKS = "SELECT record_id FROM records_with_tasks($1, $2) AS record_id"


async def records_with_tasks(db: Database, after: UUID, last: UUID) -> list[UUID]:
    return [row["record_id"] for row in await db.fetch(RECORDS_WITH_TASKS, after, last)]


TAKE_NOT_SEEN = """
    SELECT task_id, register_code, organisation_id, record_id, record_version, reference
    FROM take_not_seen($1, $2, $3, $4)
"""


@dataclass(frozen=True)
class NotSeen:
    """An urgent task that no one has seen in time, by ids and its record's reference."""

    task_id: UUID
    register_code: str
    organisation_id: UUID
    record_id: UUID
    record_version: int
    reference: str


async def take_not_seen(
    db: Database, registers: Sequence[str], opened_by: Sequence[datetime], moment: datetime, most: int
) -> list[NotSeen]:
    """Take unseen urgent tasks, each once. The caller must publish them in the same transaction."""
    rows = await db.fetch(TAKE_NOT_SEEN, registers, opened_by, moment, most)
    return [NotSeen(**dict(row)) for row in rows]


LIST_URGENT = """
    SELECT id AS task_id, record_id, organisation_id, reference, locality, opened_at, seen_by_name AS seen_by, seen_at,
        told_again_at
    FROM task
    WHERE register_code = $1 AND organisation_id = ANY($2) AND kind = 'urgent' AND closed_at IS NULL
    ORDER BY (seen_at IS NOT NULL), opened_at, id
    OFFSET $3
    LIMIT $4
"""
LIST_AGENDA = """
    SELECT task_id, record_id, organisation_id, reference, locality, opened_at
    FROM list_agenda($1, $2, $3, $4)
"""
LISTS: dict[TaskKind, str] = {"urgent": LIST_URGENT, "agenda": LIST_AGENDA}


async def list_tasks(db: Database, visitor: Visitor, kind: TaskKind, skip: int, most: int) -> tuple[TaskShown, ...]:
    """Return tasks: urgent ones with the unseen first, or the agenda by locality. The oldest come first."""
    rows = await db.fetch(LISTS[kind], visitor.register_code, visitor.organisation_ids, skip, most)
    return tuple(TaskShown(**dict(row)) for row in rows)


COUNT_TASKS = """
    SELECT count(*) AS urgent, count(*) FILTER (WHERE seen_at IS NULL) AS unseen
    FROM task
    WHERE register_code = $1 AND organisation_id = ANY($2) AND kind = 'urgent' AND closed_at IS NULL
"""


async def count_tasks(db: Database, visitor: Visitor) -> TaskCounts:
    (row,) = await db.fetch(COUNT_TASKS, visitor.register_code, visitor.organisation_ids)
    return TaskCounts(**dict(row))


HOLD_URGENT = """
    SELECT record_id, seen_by, seen_by_name, seen_at, closed_at IS NOT NULL AS closed
    FROM task
    WHERE id = $1 AND kind = 'urgent' AND register_code = $2 AND organisation_id = ANY($3)
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
    row = await db.fetchrow(HOLD_URGENT, task_id, visitor.register_code, visitor.organisation_ids)
    return None if row is None else Urgent(**dict(row))


MARK_SEEN = "UPDATE task SET seen_by = $2, seen_by_name = $3, seen_at = $4 WHERE id = $1"


async def mark_seen(db: Database, visitor: Visitor, task_id: UUID, moment: datetime) -> None:
    await db.execute(MARK_SEEN, task_id, visitor.user_id, visitor.full_name, moment)

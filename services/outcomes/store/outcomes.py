"""The queries on outcomes: one is added, and those of a record are listed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.outcomes.store.feed import ANSWERS
from shared.contracts.outcomes import OutcomeShown, ToldOutcome
from shared.contracts.referrals.answers import Answers
from shared.database import Database, reach_of
from shared.permissions import Visitor

HOLD_RECORD = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.record.' || $1, 0))"


async def hold_record(db: Database, record_id: UUID) -> None:
    """Lock the record, so that no other outcome is recorded on it until the transaction ends."""
    await db.execute(HOLD_RECORD, record_id.hex)


ADD_OUTCOME = """
    INSERT INTO outcome (
        id, register_code, edition, record_id, record_version, compartment_id, answers, recorded_by, recorded_by_name,
        ending, state, leaving
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""


@dataclass(frozen=True, repr=False)
class NewOutcome:
    """An outcome to be added. If it ends its record, its first state is pending."""

    outcome_id: UUID
    edition: str
    record_id: UUID
    record_version: int
    compartment_id: UUID
    answers: Answers
    ending: bool
    leaving: Answers = field(default_factory=dict)


async def add_outcome(db: Database, visitor: Visitor, outcome: NewOutcome) -> None:
    await db.execute(
        ADD_OUTCOME,
        outcome.outcome_id,
        visitor.register_code,
        outcome.edition,
        outcome.record_id,
        outcome.record_version,
        outcome.compartment_id,
        json.dumps(outcome.answers),
        visitor.user_id,
        visitor.full_name,
        outcome.ending,
        "pending" if outcome.ending else "saved",
        json.dumps(outcome.leaving),
    )


FIND_LAST = """
    SELECT DISTINCT ON (record_id) record_id, edition, recorded_at, answers
    FROM outcome
    WHERE register_code = $1 AND ($2::uuid [] IS NULL OR compartment_id = ANY($2))
        AND record_id = ANY($3) AND state = 'saved'
    ORDER BY record_id, recorded_at DESC, id DESC
"""


@dataclass(frozen=True, repr=False)
class StoredOutcome:
    """The last outcome of a record that counts."""

    edition: str
    recorded_at: datetime
    answers: Answers


async def find_last(db: Database, visitor: Visitor, record_ids: Sequence[UUID]) -> dict[UUID, StoredOutcome]:
    """Return the last outcome that counts, by record, of those in the visitor's scope."""
    rows = await db.fetch(FIND_LAST, visitor.register_code, reach_of(visitor), list(record_ids))
    return {
        row["record_id"]: StoredOutcome(row["edition"], row["recorded_at"], ANSWERS.validate_json(row["answers"]))
        for row in rows
    }


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


FOLLOW_RECORD = "SELECT follow_record($1, $2)"


async def follow_record(db: Database, record_id: UUID, version: int) -> None:
    """Move the record's outcomes to the compartment in which it lies now, if it has moved since this version."""
    await db.execute(FOLLOW_RECORD, record_id, version)


READ_TOLD = "SELECT outcome_id, edition, recorded_at, answers FROM told_outcome($1, $2)"


async def read_told(db: Database, record_id: UUID, told: Sequence[str]) -> ToldOutcome:
    """Return these answers of the last outcome that counts, of a record that referrals has just let the user update."""
    row = await db.fetchrow(READ_TOLD, record_id, list(told))
    if row is None:
        return ToldOutcome(record_id=record_id)
    return ToldOutcome(record_id=record_id, **dict(row) | {"answers": ANSWERS.validate_json(row["answers"])})

"""Queries of decisions about the end of a record, and of the records that are due to end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.referrals.store.scope import bodies_of
from shared.contracts.referrals.ending import DecideEnding
from shared.database import Database
from shared.permissions import Visitor

# A lock without a condition of scope shows nothing. `find_for_update` reads the record in scope next.
HOLD_RECORD = "SELECT id FROM record WHERE id = $1 FOR NO KEY UPDATE"
ADD_DECISION = """
    INSERT INTO ending_decision (id, record_id, body, reason, person_told, decided_by, decided_by_name)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
END_DUE = """
    SELECT record_id, register_code, reference, version, organisation_id, bodies, created_by, rating
    FROM end_due($1, $2, $3, $4)
"""


async def hold(db: Database, record_id: UUID) -> None:
    """Let no other transaction change the record until this one ends: two bodies may decide at the same moment."""
    await db.execute(HOLD_RECORD, record_id)


HAS_DECIDED = """
    SELECT EXISTS (
        SELECT FROM ending_decision WHERE record_id = $1 AND decided_by = $2 AND withdrawn_at IS NULL
    )
"""


async def has_decided(db: Database, record_id: UUID, user_id: UUID) -> bool:
    """Return whether the user has decided about the end of the record, for any body."""
    return bool(await db.fetchval(HAS_DECIDED, record_id, user_id))


async def add_decision(db: Database, visitor: Visitor, decision_id: UUID, asked: DecideEnding, reason: str) -> None:
    decided = (asked.record_id, asked.body, reason, asked.person_told)
    await db.execute(ADD_DECISION, decision_id, *decided, visitor.user_id, visitor.full_name)


@dataclass(frozen=True)
class DueRecord:
    """A record that was just ended on its day."""

    record_id: UUID
    register_code: str
    reference: str
    version: int
    bodies: tuple[str, ...]
    created_by: UUID
    rating: str | None


async def end_due(db: Database, day: date, states: Mapping[str, str], most: int) -> list[DueRecord]:
    """End records that were due by this day, of any compartment. `states` gives the new state by register."""
    rows = await db.fetch(END_DUE, day, list(states), list(states.values()), most)
    return [
        DueRecord(
            record_id=row["record_id"],
            register_code=row["register_code"],
            reference=row["reference"],
            version=row["version"],
            bodies=bodies_of(row),
            created_by=row["created_by"],
            rating=row["rating"],
        )
        for row in rows
    ]

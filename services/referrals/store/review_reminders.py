"""Queries of the job that reminds of reviews. They run without a visitor, for all compartments."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.referrals.rules.reviewing import DueTime
from services.referrals.store.scope import bodies_of
from shared.database import Database

BEGIN_DAY = "SELECT begin_review_day($1, $2, $3)"


async def begin_day(db: Database, register_code: str, day: date, event_type: str) -> bool:
    """Mark the day. Return False if it was marked before, or if a notice of this type waits to be published."""
    begun: bool = await db.fetchval(BEGIN_DAY, register_code, day, event_type)
    return begun


REMIND = """
    SELECT record_id, holder_id, creator_id, organisation_id, bodies, reference, due_on
    FROM remind_of_reviews($1, $2, $3, $4)
"""


@dataclass(frozen=True)
class ReviewReminder:
    """A record whose review is due, its holder and its creator, who may be the same."""

    record_id: UUID
    holder_id: UUID
    creator_id: UUID
    bodies: tuple[str, ...]
    reference: str
    due_on: date


async def remind(db: Database, register_code: str, day: date, due: DueTime) -> list[ReviewReminder]:
    """Mark whom to remind of what on this day, and return it by holder, the first due first."""
    rows = await db.fetch(REMIND, register_code, day, list(due.levels), list(due.days))
    return [
        ReviewReminder(
            record_id=row["record_id"],
            holder_id=row["holder_id"],
            creator_id=row["creator_id"],
            bodies=bodies_of(row),
            reference=row["reference"],
            due_on=row["due_on"],
        )
        for row in rows
    ]

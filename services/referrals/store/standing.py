"""Queries of the status of records for another service, without personal data."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from asyncpg import Record

from services.referrals.rules.ratings import RatingQuestions
from services.referrals.store.scope import bodies_of
from shared.database import Database


class Stood(NamedTuple):
    """The status of a record. `rating` is the register's own code; `rated_at` is when that rating was given."""

    record_id: UUID
    register_code: str
    edition: str
    bodies: tuple[str, ...]
    reference: str
    version: int
    is_open: bool
    rating: str | None
    rated_at: datetime
    locality: str | None


# `rated_at` is when the rating was given, not when it was last reviewed.
READ_STANDING = """
    SELECT
        s.record_id, s.register_code, s.edition, s.organisation_id, s.bodies, s.reference, s.version, s.is_open,
        s.rating,
        coalesce((SELECT max(r.since) FROM read_ratings(ARRAY[s.record_id], $1, $2, $3) AS r), s.rated_at) AS rated_at,
        s.locality
    FROM read_standing($4) AS s
"""


async def read_standing(db: Database, record_id: UUID, rated_by: RatingQuestions) -> Stood | None:
    """
    Return the status of a record of any register and compartment.

    `rated_by` names the questions that hold the rating. Must be called outside a transaction.
    """
    row = await db.fetchrow(READ_STANDING, *rated_by, record_id)
    return None if row is None else _stood(row)


LIST_STANDINGS = READ_STANDING.replace("read_standing($4)", "list_standings($4, $5)")


async def list_standings(db: Database, after: UUID, most: int, rated_by: RatingQuestions) -> list[Stood]:
    """Return the next active records of all registers, whatever their rating. Must be called outside a transaction."""
    return [_stood(row) for row in await db.fetch(LIST_STANDINGS, *rated_by, after, most)]


def _stood(row: Record) -> Stood:
    fields = dict(row) | {"bodies": bodies_of(row)}
    del fields["organisation_id"]
    return Stood(**fields)

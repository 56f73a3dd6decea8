"""Queries of the status of records for another service, without personal data."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from asyncpg import Record

from services.referrals.rules.ratings import RatingQuestions
from services.referrals.store.scope import bodies_of
from shared.database import Database


class Stood(NamedTuple):
    """
    The status of a record. `rating` is the register's own code; `rated_at` is when that rating was given.

    `is_told`: a notice told people of it. `review_on` is the day agreed for its next review.
    """

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
    is_told: bool
    review_on: date | None


def _standings_of(found: str) -> str:
    """
    Return the query of the standings that this function call finds.

    `rated_at` is when the rating was given, not when it was last reviewed. The ratings of all records are read at once.
    """
    return f"""
    WITH s AS MATERIALIZED (
        SELECT
            f.record_id, f.register_code, f.edition, f.organisation_id, f.bodies, f.reference, f.version, f.is_open,
            f.rating, f.rated_at, f.locality
        FROM {found} AS f
    )
    SELECT
        s.record_id, s.register_code, s.edition, s.organisation_id, s.bodies, s.reference, s.version, s.is_open,
        s.rating, coalesce(given.rated_at, s.rated_at) AS rated_at, s.locality, told.record_id IS NOT NULL AS is_told,
        agreed.review_on
    FROM s
    LEFT JOIN (
        SELECT DISTINCT ON (r.record_id) r.record_id, r.since AS rated_at
        FROM read_ratings(ARRAY(SELECT s.record_id FROM s), $1, $2, $3)
            WITH ORDINALITY AS r (record_id, since, code, place)
        ORDER BY r.record_id, r.place DESC
    ) AS given ON given.record_id = s.record_id
    LEFT JOIN told_records(ARRAY(SELECT s.record_id FROM s)) AS told (record_id) ON told.record_id = s.record_id
    LEFT JOIN agreed_reviews(ARRAY(SELECT s.record_id FROM s)) AS agreed ON agreed.record_id = s.record_id
    ORDER BY s.record_id
"""  # noqa: S608  the call of one of two functions


READ_STANDINGS = _standings_of("read_standings($4)")
LIST_STANDINGS = _standings_of("list_standings($4, $5)")


async def read_standings(db: Database, record_ids: Sequence[UUID], rated_by: RatingQuestions) -> list[Stood]:
    """
    Return the status of those of the records that exist, of any register and compartment.

    `rated_by` names the questions that hold the rating. Must be called outside a transaction.
    """
    return [_stood(row) for row in await db.fetch(READ_STANDINGS, *rated_by, record_ids)]


async def list_standings(db: Database, after: UUID, most: int, rated_by: RatingQuestions) -> list[Stood]:
    """Return the next active records of all registers, whatever their rating. Must be called outside a transaction."""
    return [_stood(row) for row in await db.fetch(LIST_STANDINGS, *rated_by, after, most)]


def _stood(row: Record) -> Stood:
    fields = dict(row) | {"bodies": bodies_of(row)}
    del fields["organisation_id"]
    return Stood(**fields)

"""Queries of the home page: a user's own records by rating, the longest without an update, and those new with them."""

from asyncpg import Record

from services.referrals.store.scope import in_scope, scope_parameters
from shared.contracts.referrals.caseload import MOST_NEW, NEW_DAYS, CaseloadRecord, OwnRecords, RatingTotal
from shared.database import Database
from shared.permissions import Visitor


def _own() -> str:
    """
    Return the beginning of a query of the records that a user created, holds or covers.

    The first are read by their index; the others are few.
    """
    return f"""
    WITH own AS (
        SELECT c.id FROM record AS c WHERE c.register_code = $1 AND c.created_by = $3 AND c.is_open
        UNION
        SELECT unnest(held_ids())
    ), mine AS (
        SELECT r.id AS record_id, r.given_name, r.family_name, r.rating, r.updated_at
        FROM own
        JOIN record AS r ON r.id = own.id
        WHERE {in_scope()} AND r.is_open
    )
"""  # noqa: S608  a condition of ours


COUNT_OWN = f"""
    {_own()}
    SELECT coalesce(rating, '') AS rating, count(*) AS total
    FROM mine
    GROUP BY 1
    ORDER BY 1
"""  # noqa: S608  a statement of ours
FIND_OLDEST = f"""
    {_own()}
    SELECT record_id, given_name || ' ' || family_name AS name, updated_at AS at
    FROM mine
    ORDER BY updated_at, record_id
    LIMIT 1
"""  # noqa: S608  a statement of ours


def with_them_since() -> str:
    """Return the moment since when a record is with its holder or cover. A cover may begin after it was named."""
    return "greatest(h.named_at, h.from_day::timestamp AT TIME ZONE 'Europe/London')"


FIND_NEW = f"""
    SELECT r.id AS record_id, r.given_name || ' ' || r.family_name AS name, max({with_them_since()}) AS at
    FROM record_holding AS h
    JOIN record AS r ON r.id = h.record_id
    WHERE {in_scope()} AND r.is_open AND r.id = ANY(held_ids()) AND h.user_id = $3 AND h.ended_at IS NULL
        AND h.named_by <> $3 AND {with_them_since()} > now() - interval '{NEW_DAYS} days'
    GROUP BY r.id
    ORDER BY 3 DESC, 1
    LIMIT {MOST_NEW}
"""  # noqa: S608  a condition and numbers of ours


async def own_records(db: Database, visitor: Visitor) -> OwnRecords:
    parameters = (*scope_parameters(visitor), visitor.user_id)
    counted = await db.fetch(COUNT_OWN, *parameters)
    oldest = await db.fetchrow(FIND_OLDEST, *parameters) if counted else None
    ratings = tuple(RatingTotal(rating=row["rating"], total=row["total"]) for row in counted)
    return OwnRecords(ratings=ratings, oldest=_named(oldest) if oldest else None)


async def new_records(db: Database, visitor: Visitor) -> tuple[CaseloadRecord, ...]:
    rows = await db.fetch(FIND_NEW, *scope_parameters(visitor), visitor.user_id)
    return tuple(map(_named, rows))


def _named(row: Record) -> CaseloadRecord:
    return CaseloadRecord(record_id=row["record_id"], name=row["name"], at=row["at"])

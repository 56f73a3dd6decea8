"""
Queries about reviews that are due.

Each takes one round trip, and sets its own context. All but `count_due` must be called outside a transaction.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from asyncpg import Record

from services.referrals.rules.reviewing import DueTime
from services.referrals.rules.saving import may_update
from services.referrals.rules.search import Search
from services.referrals.store.finding import FoundRows, ListFilters, ListPage, row_columns, rows_of
from shared.contracts.referrals.reviews import DUE_AT_ONCE, MOST_DUE, DueCounts, DueReview, DueReviews
from shared.database import Database, as_json, scope_of
from shared.permissions import Visitor
from shared.registers.form.reviewing import LastReview

LIST_BY_REVIEW = f"""
    SELECT {row_columns("matches", "capped")} FROM list_by_review($1, $2, $3, $4, $5)
"""  # noqa: S608  names of ours


async def list_by_review(
    db: Database, visitor: Visitor, page: ListPage, filters: ListFilters, search: Search | None, due: DueTime
) -> FoundRows:
    """Return a page of the list of records, filtered or sorted by the next review. `total` is the same as `matches`."""
    sent = (*map(as_json, (scope_of(visitor), page, filters)), as_json(search) if search else None, as_json(due))
    found = await db.fetch(LIST_BY_REVIEW, *sent)
    head = found[0]
    return FoundRows(rows_of(found), head["matches"], head["matches"], head["capped"])


REVIEW_DAYS = "SELECT record_id, rating, rated_at, next_review, agreed_at FROM review_days($1, $2)"


async def review_days(db: Database, visitor: Visitor, record_ids: Sequence[UUID]) -> Mapping[UUID, LastReview]:
    """Return what the next review of each of these records goes by. Not audited: they were read by the caller."""
    rows = await db.fetch(REVIEW_DAYS, as_json(scope_of(visitor)), list(record_ids))
    return {
        row["record_id"]: LastReview(row["rating"], row["rated_at"], row["next_review"], row["agreed_at"])
        for row in rows
    }


COUNT_DUE = "SELECT overdue, soon FROM count_due($1, $2, $3, $4)"


async def count_due(db: Database, visitor: Visitor, overdue: DueTime, soon: DueTime) -> DueCounts:
    row = await db.fetchrow(COUNT_DUE, *map(as_json, (scope_of(visitor), overdue, soon)), MOST_DUE + 1)
    return DueCounts(**row) if row else DueCounts()


LIST_DUE = """
    SELECT matches, record_id, version, reference, given_name, family_name, born, rating, rated_at, due_on,
        created_by_id, is_held, holder
    FROM list_due($1, $2, $3, $4, $5)
"""


async def list_due(db: Database, visitor: Visitor, due: DueTime, page: int) -> DueReviews:
    """Return a page of the reviews that are due, audited."""
    skip = (page - 1) * DUE_AT_ONCE
    found = await db.fetch(LIST_DUE, *map(as_json, (scope_of(visitor), due)), skip, DUE_AT_ONCE, MOST_DUE)
    matches: int = found[0]["matches"]
    rows = tuple(_due(visitor, row) for row in found if row["record_id"] is not None)
    return DueReviews(rows=rows, matches=min(matches, MOST_DUE), capped=matches > MOST_DUE)


def _due(visitor: Visitor, row: Record) -> DueReview:
    return DueReview(
        record_id=row["record_id"],
        version=row["version"],
        reference=row["reference"],
        name=f"{row['given_name']} {row['family_name']}",
        born=row["born"],
        rating=row["rating"],
        rated_at=row["rated_at"],
        due_on=row["due_on"],
        holder=row["holder"],
        may_review=may_update(visitor, row["created_by_id"], is_held=row["is_held"]),
    )

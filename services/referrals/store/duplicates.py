"""Queries of likely duplicates: the open pairs, and the decision about a pair."""

from uuid import UUID

from asyncpg import Record

from services.referrals.store.scope import in_scope, scope_parameters
from shared.contracts.referrals.duplicates import (
    DuplicateDecision,
    DuplicateVerdict,
    PossibleDuplicate,
    PossibleDuplicates,
    RecordCompared,
)
from shared.database import Database
from shared.permissions import Visitor

MOST = 20  # pairs on one page

# Open pairs: both records are active and in scope, and they are not linked to one person through a third record.
OPEN = f"""
    SELECT d.one, d.other, d.found_at
    FROM possible_duplicate AS d
    JOIN record AS r ON r.id = d.one AND r.is_open AND {in_scope("r")}
    JOIN record AS o ON o.id = d.other AND o.is_open AND {in_scope("o")}
    WHERE d.register_code = $1 AND d.state = 'open' AND NOT EXISTS (
        SELECT
        FROM person_link AS l
        JOIN person_link AS m ON m.person_id = l.person_id
        WHERE l.record_id = d.one AND m.record_id = d.other
    )
"""  # noqa: S608  a condition of ours
FIND_OPEN = f"""
    SELECT d.one, d.other, d.found_at, count(*) OVER () AS total
    FROM ({OPEN}) AS d
    ORDER BY d.found_at, d.one, d.other
    LIMIT {MOST}
"""  # noqa: S608  a statement and a number of ours
FIND_COMPARED = """
    SELECT id AS record_id, reference, given_name || ' ' || family_name AS name, born, nhs_number, postcode,
        organisation_id, rating, created_at
    FROM record
    WHERE id = ANY($1)
"""


async def find_open(db: Database, visitor: Visitor) -> PossibleDuplicates:
    pairs = await db.fetch(FIND_OPEN, *scope_parameters(visitor))
    found = await db.fetch(FIND_COMPARED, [record_id for pair in pairs for record_id in (pair["one"], pair["other"])])
    records = {row["record_id"]: RecordCompared(**row) for row in found}
    return PossibleDuplicates(
        pairs=tuple(_pair(pair, records) for pair in pairs),
        total=pairs[0]["total"] if pairs else 0,
    )


def _pair(pair: Record, records: dict[UUID, RecordCompared]) -> PossibleDuplicate:
    return PossibleDuplicate(found_at=pair["found_at"], one=records[pair["one"]], other=records[pair["other"]])


COUNT_OPEN = f"SELECT count(*) FROM ({OPEN}) AS d"  # noqa: S608  a statement of ours


async def count_open(db: Database, visitor: Visitor) -> int:
    total: int = await db.fetchval(COUNT_OPEN, *scope_parameters(visitor))
    return total


DECIDE = """
    UPDATE possible_duplicate
    SET state = $4, decided_by = $5, decided_by_name = $6, decided_at = now()
    WHERE one = least($2::uuid, $3) AND other = greatest($2::uuid, $3) AND register_code = $1 AND state = 'open'
    RETURNING state AS verdict, decided_by_name AS decided_by, decided_at, FALSE AS before
"""
FIND_DECISION = """
    SELECT state AS verdict, decided_by_name AS decided_by, decided_at, TRUE AS before
    FROM possible_duplicate
    WHERE one = least($2::uuid, $3) AND other = greatest($2::uuid, $3) AND register_code = $1
"""


async def decide(
    db: Database, visitor: Visitor, pair: tuple[UUID, UUID], verdict: DuplicateVerdict
) -> DuplicateDecision | None:
    """Decide an open pair. Return this decision, an earlier one, or None if the visitor sees no such pair."""
    of = (visitor.register_code, *pair)
    row = await db.fetchrow(DECIDE, *of, verdict, visitor.user_id, visitor.full_name)
    row = row or await db.fetchrow(FIND_DECISION, *of)
    return None if row is None else DuplicateDecision(**row)

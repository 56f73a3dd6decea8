"""Queries of likely duplicates: the open pairs, and the decision about a pair."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Record

from services.referrals.store.scope import in_scope, scope_parameters
from shared.contracts.referrals.duplicates import (
    DuplicateDecision,
    DuplicateVerdict,
    LinkedRecords,
    PossibleDuplicate,
    PossibleDuplicates,
    RecordCompared,
)
from shared.database import Database, as_json, scope_of
from shared.permissions import Visitor
from shared.registers.definition.lifecycle import LIKENESSES, Likeness

MOST = 20  # pairs on one page

# Open pairs: both records are active and in scope, and they are not linked to one person through a third record.
OPEN = f"""
    SELECT d.one, d.other, d.found_at, d.rule
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
    SELECT d.one, d.other, d.found_at, d.rule, count(*) OVER () AS total
    FROM ({OPEN}) AS d
    ORDER BY d.found_at, d.one, d.other
    LIMIT {MOST}
"""  # noqa: S608  a statement and a number of ours
FIND_COMPARED = f"""
    SELECT id AS record_id, reference, given_name || ' ' || family_name AS name, born, nhs_number, postcode,
        organisation_id, rating, created_at
    FROM record
    WHERE {in_scope("record")} AND id = ANY($3)
"""  # noqa: S608  a condition of ours


LIST_LINKED = "SELECT record_id, ratings FROM list_linked($1, $2)"


async def list_linked(db: Database, visitor: Visitor, record_ids: Sequence[UUID]) -> tuple[LinkedRecords, ...]:
    """
    Return those of the records that are linked with others in scope, audited.

    Sets its own context: must be called outside a transaction.
    """
    rows = await db.fetch(LIST_LINKED, as_json(scope_of(visitor)), record_ids)
    return tuple(LinkedRecords(record_id=row["record_id"], ratings=tuple(row["ratings"])) for row in rows)


async def find_open(db: Database, visitor: Visitor) -> PossibleDuplicates:
    scope = scope_parameters(visitor)
    pairs = await db.fetch(FIND_OPEN, *scope)
    compared = [record_id for pair in pairs for record_id in (pair["one"], pair["other"])]
    found = await db.fetch(FIND_COMPARED, *scope, compared)
    records = {row["record_id"]: RecordCompared(**row) for row in found}
    return PossibleDuplicates(
        pairs=tuple(_pair(pair, records) for pair in pairs),
        total=pairs[0]["total"] if pairs else 0,
    )


def _pair(pair: Record, records: dict[UUID, RecordCompared]) -> PossibleDuplicate:
    why: Likeness | None = next((each for each in LIKENESSES if each == pair["rule"]), None)
    one, other = records[pair["one"]], records[pair["other"]]
    return PossibleDuplicate(found_at=pair["found_at"], one=one, other=other, why=why)


COUNT_OPEN = f"SELECT count(*) FROM ({OPEN}) AS d"  # noqa: S608  a statement of ours


async def count_open(db: Database, visitor: Visitor) -> int:
    total: int = await db.fetchval(COUNT_OPEN, *scope_parameters(visitor))
    return total


def pair_in_scope() -> str:
    """Return the filter for the pair of the records `$3` and `$4`, if both are in scope."""
    both = f"SELECT count(*) FROM record AS r WHERE {in_scope()} AND r.id IN ($3, $4)"  # noqa: S608
    return f"one = least($3::uuid, $4) AND other = greatest($3::uuid, $4) AND register_code = $1 AND ({both}) = 2"


DECIDE = f"""
    UPDATE possible_duplicate
    SET state = $5, decided_by = $6, decided_by_name = $7, decided_at = now()
    WHERE {pair_in_scope()} AND state = 'open'
    RETURNING state AS verdict, decided_by_name AS decided_by, decided_at, FALSE AS before
"""  # noqa: S608  a condition of ours
FIND_DECISION = f"""
    SELECT state AS verdict, decided_by_name AS decided_by, decided_at, TRUE AS before
    FROM possible_duplicate
    WHERE {pair_in_scope()}
"""  # noqa: S608  a condition of ours


async def decide(
    db: Database, visitor: Visitor, pair: tuple[UUID, UUID], verdict: DuplicateVerdict
) -> DuplicateDecision | None:
    """Decide an open pair. Return this decision, an earlier one, or None if the visitor sees no such pair."""
    of = (*scope_parameters(visitor), *pair)
    row = await db.fetchrow(DECIDE, *of, verdict, visitor.user_id, visitor.full_name)
    row = row or await db.fetchrow(FIND_DECISION, *of)
    return None if row is None else DuplicateDecision(**row)

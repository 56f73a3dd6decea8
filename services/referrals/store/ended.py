"""Queries of records that have ended: the last ones, those of an NHS number, and those of a person who is back."""

from collections.abc import Sequence
from uuid import UUID

from services.referrals.store.scope import in_scope, scope_parameters
from shared.contracts.referrals.ended import MOST_BEFORE, EndedPerson, EndedRecord
from shared.contracts.referrals.reversing import ArchivedLately
from shared.database import Database, as_json, scope_of
from shared.permissions import Visitor

FIND_BEFORE = "SELECT record_id, ended_id, reference, ended_at FROM ended_before($1, $2, $3)"


async def find_before(db: Database, visitor: Visitor, record_ids: Sequence[UUID]) -> tuple[EndedRecord, ...]:
    """
    Return the ended records in scope that match these records in scope, the last ended first. Audited.

    Sets its own context: must be called outside a transaction.
    """
    rows = await db.fetch(FIND_BEFORE, as_json(scope_of(visitor)), record_ids, MOST_BEFORE)
    return tuple(EndedRecord(**row) for row in rows)


FIND_LATELY = f"""
    SELECT r.id AS record_id, r.reference, r.given_name || ' ' || r.family_name AS name, r.born, r.organisation_id,
        r.ended_at AS archived_at
    FROM record AS r
    WHERE {in_scope()} AND r.id = ANY(ended_ids($1, $2, 0, 2 * $4)) AND NOT r.is_open AND r.state = ANY($3)
        AND NOT EXISTS (SELECT FROM reversal AS v WHERE v.record_id = r.id AND v.state = 'open')
    ORDER BY r.ended_at DESC, r.id DESC
    LIMIT $4
"""  # noqa: S608  a condition of ours


async def find_lately(db: Database, visitor: Visitor, states: Sequence[str], most: int) -> tuple[ArchivedLately, ...]:
    """Return the records in scope that ended last in one of these states, without those that wait for a reversal."""
    rows = await db.fetch(FIND_LATELY, *scope_parameters(visitor), states, most)
    return tuple(ArchivedLately(**row) for row in rows)


FIND_BY_NUMBER = f"""
    SELECT r.id AS record_id, r.reference, r.given_name || ' ' || r.family_name AS name, r.born, r.organisation_id,
        r.ended_at
    FROM record AS r
    WHERE {in_scope()} AND NOT r.is_open AND r.nhs_number = $3
    ORDER BY r.ended_at DESC, r.id
    LIMIT $4
"""  # noqa: S608  a condition of ours


async def find_by_number(db: Database, visitor: Visitor, number: str, most: int) -> tuple[EndedPerson, ...]:
    """Return the ended records in scope with this NHS number, the last ended first."""
    rows = await db.fetch(FIND_BY_NUMBER, *scope_parameters(visitor), number, most)
    return tuple(EndedPerson(**row) for row in rows)

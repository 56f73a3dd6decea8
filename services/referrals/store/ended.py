"""Queries of records that have ended: listed, searched, and those of a person who is back."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter

from services.referrals.rules.search import Search
from services.referrals.store.scope import in_scope, in_sight, scope_parameters, sight_parameters
from shared.contracts.referrals.answers import Answers
from shared.contracts.referrals.ended import MOST_BEFORE, EndedPerson, EndedRecord, EndedShown, ReturnedRecord
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


ANSWERS: TypeAdapter[Answers] = TypeAdapter(Answers)
LIST_ENDED = f"""
    SELECT r.id AS record_id, r.reference, r.given_name || ' ' || r.family_name AS name, r.born, r.organisation_id,
        r.ended_at, v.changed_by_name AS ended_by, v.leaving
    FROM record AS r
    LEFT JOIN record_version AS v ON v.record_id = r.id AND v.version = r.version
    WHERE {in_sight()} AND NOT r.is_open
    ORDER BY r.ended_at DESC, r.id DESC
    OFFSET $4 LIMIT $5
"""  # noqa: S608  a condition of ours


async def list_ended(db: Database, visitor: Visitor, skip: int, most: int) -> tuple[EndedShown, ...]:
    """Return ended records that the visitor may see, the last ended first."""
    rows = await db.fetch(LIST_ENDED, *sight_parameters(visitor), skip, most)
    return tuple(_shown(row) for row in rows)


SEARCH_ENDED = f"""
    SELECT r.id AS record_id, r.reference, r.given_name || ' ' || r.family_name AS name, r.born, r.organisation_id,
        r.ended_at, v.changed_by_name AS ended_by, v.leaving
    FROM record AS r
    LEFT JOIN record_version AS v ON v.record_id = r.id AND v.version = r.version
    WHERE {in_sight()} AND NOT r.is_open AND r.id = ANY(ended_search_ids($1, $2, $6, $7, $8))
    ORDER BY r.ended_at DESC, r.id DESC
    OFFSET $4 LIMIT $5
"""  # noqa: S608  a condition of ours
MOST_SEARCHED = 1_000


async def search_ended(db: Database, visitor: Visitor, search: Search, skip: int, most: int) -> tuple[EndedShown, ...]:
    """Return those of the last `MOST_SEARCHED` ended records which the search finds that the visitor may see."""
    sought = (search.patterns, search.joined, MOST_SEARCHED)
    rows = await db.fetch(SEARCH_ENDED, *sight_parameters(visitor), skip, most, *sought)
    return tuple(_shown(row) for row in rows)


def _shown(row: Record) -> EndedShown:
    fields = dict(row) | {"ended_by": row["ended_by"] or "", "leaving": ANSWERS.validate_json(row["leaving"] or "{}")}
    return EndedShown(**fields)


LIST_RETURNED = f"""
    SELECT r.id AS record_id, r.reference, r.created_at, r.ended_at
    FROM record AS r
    WHERE {in_sight()} AND r.id = ANY(returned_ids($1, $4))
        AND EXISTS (SELECT FROM record AS e WHERE {in_sight("e")} AND e.id = $4 AND NOT e.is_open
            AND (r.is_open OR r.ended_at > e.ended_at))
    ORDER BY r.created_at DESC, r.id
    LIMIT $5
"""  # noqa: S608  conditions of ours


async def list_returned(db: Database, visitor: Visitor, ended_id: UUID) -> tuple[ReturnedRecord, ...]:
    """
    Return the records that were added again for the person of an ended record, where the visitor may see both.

    One that has ended itself is among them only if it ended later.
    """
    rows = await db.fetch(LIST_RETURNED, *sight_parameters(visitor), ended_id, MOST_BEFORE)
    return tuple(ReturnedRecord(**row) for row in rows)

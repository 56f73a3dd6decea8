"""Queries of reversals, and of putting a record back on its register."""

from dataclasses import dataclass
from uuid import UUID

from asyncpg import Record, UniqueViolationError

from services.referrals.store.scope import in_scope, scope_parameters
from shared.contracts.referrals.reversing import ReversalAsked
from shared.database import Database
from shared.messages import Refused
from shared.permissions import Visitor

FIND_ARCHIVED = f"""
    SELECT r.id AS record_id, r.version, r.is_open, r.edition, r.state
    FROM record AS r
    WHERE {in_scope()} AND r.reference = $3
    FOR SHARE
"""  # noqa: S608  a condition of ours


@dataclass(frozen=True)
class Archived:
    """A record that a reversal was requested for."""

    record_id: UUID
    version: int
    is_open: bool
    edition: str
    state: str


async def find_archived(db: Database, visitor: Visitor, reference: str) -> Archived | None:
    """Return the record in scope with this reference, locked against changes until this transaction ends."""
    row = await db.fetchrow(FIND_ARCHIVED, *scope_parameters(visitor), reference)
    return None if row is None else Archived(**row)


ADD_REVERSAL = """
    INSERT INTO reversal (id, record_id, record_version, reason, asked_by, asked_by_name)
    VALUES ($1, $2, $3, $4, $5, $6)
"""


async def add_reversal(db: Database, visitor: Visitor, reversal_id: UUID, of: Archived, reason: str) -> None:
    """Add a request. Refused as `asked_before` while another request for the record is open."""
    who = (visitor.user_id, visitor.full_name)
    try:
        await db.execute(ADD_REVERSAL, reversal_id, of.record_id, of.version, reason, *who)
    except UniqueViolationError:
        raise Refused("asked_before") from None


LIST_REVERSALS = f"""
    SELECT
        v.id AS reversal_id, v.record_id, r.reference, r.given_name, r.family_name, r.organisation_id,
        r.ended_at AS archived_at,
        v.reason, v.asked_by_name AS asked_by, v.asked_at, v.asked_by = $3 AS yours
    FROM reversal AS v
    INNER JOIN record AS r ON r.id = v.record_id
    WHERE v.state = 'open' AND {in_scope()}
    ORDER BY v.asked_at, v.id
    LIMIT $4
"""  # noqa: S608  a condition of ours


async def list_reversals(db: Database, visitor: Visitor, most: int) -> list[ReversalAsked]:
    """Return the open requests about records in scope, the oldest first."""
    scope = (*scope_parameters(visitor), visitor.user_id)
    return [_asked(row) for row in await db.fetch(LIST_REVERSALS, *scope, most)]


def _asked(row: Record) -> ReversalAsked:
    fields = dict(row)
    name = f"{fields.pop('given_name')} {fields.pop('family_name')}"
    return ReversalAsked(**fields, name=name)


COUNT_WAITING = f"""
    SELECT count(*)
    FROM reversal AS v
    INNER JOIN record AS r ON r.id = v.record_id
    WHERE v.state = 'open' AND v.asked_by <> $3 AND {in_scope()}
"""  # noqa: S608  a condition of ours


async def count_waiting(db: Database, visitor: Visitor) -> int:
    """Count the open requests about records in scope that another user made."""
    counted: int = await db.fetchval(COUNT_WAITING, *scope_parameters(visitor), visitor.user_id)
    return counted


HOLD_RECORD = f"""
    SELECT r.id
    FROM record AS r
    WHERE {in_scope()} AND r.id = (SELECT v.record_id FROM reversal AS v WHERE v.id = $3)
    FOR NO KEY UPDATE
"""  # noqa: S608  a condition of ours
HOLD_REVERSAL = f"""
    SELECT v.record_id, v.record_version, v.asked_by, v.state
    FROM reversal AS v
    INNER JOIN record AS r ON r.id = v.record_id
    WHERE {in_scope()} AND v.id = $3
    FOR UPDATE OF v
"""  # noqa: S608  a condition of ours


@dataclass(frozen=True)
class Reversal:
    """A reversal that no other transaction can decide until this one ends."""

    record_id: UUID
    record_version: int
    asked_by: UUID
    state: str


async def hold_reversal(db: Database, visitor: Visitor, reversal_id: UUID) -> Reversal | None:
    """Lock the record and then the reversal, in the order in which a request for a reversal locks them."""
    await db.execute(HOLD_RECORD, *scope_parameters(visitor), reversal_id)
    row = await db.fetchrow(HOLD_REVERSAL, *scope_parameters(visitor), reversal_id)
    return None if row is None else Reversal(**row)


DECIDE = """
    UPDATE reversal
    SET state = $2, decided_at = clock_timestamp(), decided_by = $3, decided_by_name = $4
    WHERE id = $1
"""


async def decide(db: Database, visitor: Visitor, reversal_id: UUID, *, confirmed: bool) -> None:
    state = "confirmed" if confirmed else "declined"
    await db.execute(DECIDE, reversal_id, state, visitor.user_id, visitor.full_name)

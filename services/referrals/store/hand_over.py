"""Queries of all records that one user holds, and of their hand-over to another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from asyncpg import Record

from services.referrals.store.scope import bodies_column, bodies_of, in_scope, scope_parameters
from shared.contracts.referrals.hand_over import CoveredRecord, CoverHeld, HeldRecord
from shared.database import Database
from shared.permissions import Visitor


def _held() -> str:
    """
    Return the beginning of a query of the records that the user of its third parameter holds.

    They hold those that name them, and those that they created and that name no one.
    """
    return """
    WITH held AS (
        SELECT c.id, NULL::uuid AS holding_id, c.created_by_name AS full_name
        FROM record AS c
        WHERE c.register_code = $1 AND c.created_by = $3 AND c.is_open AND NOT EXISTS (
            SELECT FROM record_holding AS h WHERE h.record_id = c.id AND h.kind = 'holder' AND h.ended_at IS NULL
        )
        UNION ALL
        SELECT h.record_id, h.id, h.user_name
        FROM record_holding AS h
        WHERE h.user_id = $3 AND h.kind = 'holder' AND h.ended_at IS NULL
    )
"""


def _covered() -> str:
    """Return the end of a query of the records that the user of its third parameter covers on a day or later."""
    return f"""
    FROM record_holding AS h
    JOIN record ON record.id = h.record_id
    WHERE {in_scope("record")} AND record.is_open AND h.user_id = $3 AND h.kind = 'cover' AND h.ended_at IS NULL
        AND h.until_day >= $4
"""


COUNT_HELD = f"""
    {_held()}
    SELECT count(*)
    FROM held
    JOIN record ON record.id = held.id
    WHERE {in_scope("record")} AND record.is_open
"""  # noqa: S608  a statement of ours
LIST_HELD = f"""
    {_held()}
    SELECT record.id AS record_id, record.reference, record.given_name || ' ' || record.family_name AS name,
        record.rating, record.updated_at, held.full_name
    FROM held
    JOIN record ON record.id = held.id
    WHERE {in_scope("record")} AND record.is_open
    ORDER BY record.sort_name, record.id
    OFFSET $4 LIMIT $5
"""  # noqa: S608  a statement of ours
HOLD_HELD = f"""
    {_held()}
    SELECT record.id
    FROM held
    JOIN record ON record.id = held.id
    WHERE {in_scope("record")} AND record.is_open
    ORDER BY record.id
    FOR NO KEY UPDATE OF record
"""  # noqa: S608  a statement of ours
FIND_HELD = f"""
    {_held()}
    SELECT record.id AS record_id, record.reference, record.organisation_id, {bodies_column()}, held.holding_id,
        held.full_name
    FROM held
    JOIN record ON record.id = held.id
    WHERE {in_scope("record")} AND record.is_open
    ORDER BY record.sort_name, record.id
"""  # noqa: S608  a statement of ours


async def count_held(db: Database, visitor: Visitor, user_id: UUID) -> int:
    return int(await db.fetchval(COUNT_HELD, *scope_parameters(visitor), user_id))


async def list_held(
    db: Database, visitor: Visitor, user_id: UUID, skip: int, most: int
) -> tuple[str, tuple[HeldRecord, ...]]:
    """Return the user's name as the first record says it, and a page of the records, without their covers."""
    rows = [dict(row) for row in await db.fetch(LIST_HELD, *scope_parameters(visitor), user_id, skip, most)]
    names = [row.pop("full_name") for row in rows]
    return names[0] if names else "", tuple(HeldRecord(**row) for row in rows)


@dataclass(frozen=True, repr=False)
class HeldNow:
    """A record that the user holds: who may see it, and the entry that names the holder, if one does."""

    record_id: UUID
    reference: str
    bodies: tuple[str, ...]
    holding_id: UUID | None
    full_name: str


async def hold_held(db: Database, visitor: Visitor, user_id: UUID) -> None:
    """Let no other transaction change the holders of these records until this one ends."""
    await db.fetch(HOLD_HELD, *scope_parameters(visitor), user_id)


async def find_held(db: Database, visitor: Visitor, user_id: UUID) -> list[HeldNow]:
    rows = await db.fetch(FIND_HELD, *scope_parameters(visitor), user_id)
    return [_now(row) for row in rows]


def _now(row: Record) -> HeldNow:
    return HeldNow(row["record_id"], row["reference"], bodies_of(row), row["holding_id"], row["full_name"])


# The record ids are those of `LIST_HELD`, in the same transaction.
FIND_ALL_COVERS = """
    SELECT record_id, user_name AS full_name, from_day, until_day
    FROM record_holding
    WHERE record_id = ANY($1) AND kind = 'cover' AND ended_at IS NULL AND until_day >= $2
    ORDER BY from_day, id
"""
LIST_COVERED = f"""
    SELECT record.id AS record_id, record.reference, h.from_day, h.until_day
    {_covered()}
    ORDER BY record.reference, h.from_day
    LIMIT $5
"""
COUNT_COVERED = f"SELECT count(DISTINCT record.id) {_covered()}"


async def find_covers_of(db: Database, record_ids: Sequence[UUID], day: date) -> dict[UUID, tuple[CoverHeld, ...]]:
    """Return who covers each record on this day or later. Records that nobody covers are left out."""
    found: dict[UUID, tuple[CoverHeld, ...]] = {}
    for row in await db.fetch(FIND_ALL_COVERS, record_ids, day):
        cover = CoverHeld(full_name=row["full_name"], from_day=row["from_day"], until_day=row["until_day"])
        found[row["record_id"]] = (*found.get(row["record_id"], ()), cover)
    return found


async def list_covered(
    db: Database, visitor: Visitor, user_id: UUID, day: date, most: int
) -> tuple[CoveredRecord, ...]:
    """Return the records of others that the user covers on this day or later."""
    rows = await db.fetch(LIST_COVERED, *scope_parameters(visitor), user_id, day, most)
    return tuple(CoveredRecord(**row) for row in rows)


async def count_covered(db: Database, visitor: Visitor, user_id: UUID, day: date) -> int:
    return int(await db.fetchval(COUNT_COVERED, *scope_parameters(visitor), user_id, day))


# One statement: after the first half a holder who hands over could no longer see the records.
REPLACE_HOLDERS = """
    WITH moving AS (
        SELECT m.id, m.record_id FROM unnest($1::uuid [], $2::uuid []) AS m (id, record_id)
    ), ended AS (
        UPDATE record_holding AS h
        SET ended_at = clock_timestamp(), ended_by = $6, ended_by_name = $7
        FROM moving AS m
        WHERE h.record_id = m.record_id AND h.kind = 'holder' AND h.ended_at IS NULL
        RETURNING h.id
    ), first AS (SELECT count(*) FROM ended)
    INSERT INTO record_holding (id, record_id, kind, user_id, user_name, from_day, named_by, named_by_name)
    SELECT m.id, m.record_id, 'holder', $3, $4, $5, $6, $7
    FROM moving AS m
    CROSS JOIN first
"""


async def replace_holders(
    db: Database,
    new_ids: Sequence[UUID],
    record_ids: Sequence[UUID],
    who: tuple[UUID, str],
    day: date,
    by: tuple[UUID, str],
) -> None:
    """Name the holder of each record in place of the present one. Each gets one of the new ids."""
    await db.execute(REPLACE_HOLDERS, new_ids, record_ids, *who, day, *by)

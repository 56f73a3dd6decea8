"""The queries on minutes and their addenda, in the visitor's scope."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.outcomes.meeting_rules import CheckedMinutes
from services.outcomes.store.feed import ANSWERS
from shared.contracts.meetings import Addendum, Minutes
from shared.database import Database, reach_of
from shared.permissions import Visitor

MINUTES = """
    SELECT i.meeting_id, i.record_id, i.edition, i.answers, i.is_done, i.version, i.saved_by_name AS saved_by,
        i.saved_at, m.starts_at, coalesce(m.name, s.name) AS meeting_name, (
            SELECT jsonb_agg(
                jsonb_build_object('text', a.text, 'added_by', a.added_by_name, 'added_at', a.added_at)
                ORDER BY a.added_at, a.id
            )
            FROM meeting_addendum AS a
            WHERE a.meeting_id = i.meeting_id AND a.record_id = i.record_id
        ) AS addenda
    FROM meeting_item AS i
    INNER JOIN meeting AS m ON m.id = i.meeting_id
    INNER JOIN meeting_series AS s ON s.id = m.series_id
    WHERE i.register_code = $1 AND ($2::uuid [] IS NULL OR i.compartment_id = ANY($2))
"""
READ_MINUTES = f"{MINUTES} AND i.meeting_id = $3 AND i.record_id = ANY($4)"
READ_LAST = f"""
    {MINUTES} AND i.record_id = $3 AND i.meeting_id <> $4 AND i.version > 0 AND m.starts_at < $5
        AND NOT EXISTS (
            SELECT FROM meeting_interest AS n
            WHERE n.meeting_id = i.meeting_id AND n.record_id = i.record_id AND n.user_id = $6
        )
    ORDER BY m.starts_at DESC
    LIMIT 1
"""


async def read_minutes(
    db: Database, visitor: Visitor, meeting_id: UUID, record_ids: Sequence[UUID], newest: str
) -> dict[UUID, Minutes]:
    """Return the minutes about these people, by record. Those that nobody has saved are of the newest edition."""
    rows = await db.fetch(READ_MINUTES, visitor.register_code, reach_of(visitor), meeting_id, record_ids)
    return {row["record_id"]: _minutes(row, newest) for row in rows}


async def read_last(
    db: Database, visitor: Visitor, record_id: UUID, meeting_id: UUID, before: datetime
) -> Minutes | None:
    """Return the minutes of the meeting before, without those that the visitor has declared an interest in."""
    where = (record_id, meeting_id, before, visitor.user_id)
    row = await db.fetchrow(READ_LAST, visitor.register_code, reach_of(visitor), *where)
    return None if row is None else _minutes(row, row["edition"])


def _minutes(row: Record, newest: str) -> Minutes:
    addenda = tuple(Addendum.model_validate(each) for each in json.loads(row["addenda"] or "[]"))
    said = {"answers": ANSWERS.validate_json(row["answers"]), "edition": row["edition"] or newest}
    return Minutes(**(dict(row) | said | {"addenda": addenda}))


HOLD_ITEM = """
    SELECT i.version, i.is_done, n.user_id IS NOT NULL AS interest, i.compartment_id, a.count AS addenda, a.bytes
    FROM meeting_item AS i
    LEFT JOIN meeting_interest AS n
        ON n.meeting_id = i.meeting_id AND n.record_id = i.record_id AND n.user_id = $5
    CROSS JOIN LATERAL (
        SELECT count(*) AS count, coalesce(sum(octet_length(a.text)), 0) AS bytes
        FROM meeting_addendum AS a
        WHERE a.meeting_id = i.meeting_id AND a.record_id = i.record_id
    ) AS a
    WHERE i.meeting_id = $1 AND i.record_id = $2 AND i.register_code = $3
        AND ($4::uuid [] IS NULL OR i.compartment_id = ANY($4))
    FOR UPDATE OF i
"""


@dataclass(frozen=True)
class HeldItem:
    """An item of a meeting that has started, locked until the transaction ends, with the size of its addenda."""

    version: int
    is_done: bool
    interest: bool
    compartment_id: UUID
    addenda: int
    bytes: int


async def hold_item(db: Database, visitor: Visitor, meeting_id: UUID, record_id: UUID) -> HeldItem | None:
    reach = reach_of(visitor)
    row = await db.fetchrow(HOLD_ITEM, meeting_id, record_id, visitor.register_code, reach, visitor.user_id)
    return None if row is None else HeldItem(**dict(row))


SAVE_MINUTES = """
    UPDATE meeting_item
    SET edition = $3, answers = $4, is_done = $5, decision = $6, carries = $7, version = version + 1, saved_by = $8,
        saved_by_name = $9, saved_at = $10
    WHERE meeting_id = $1 AND record_id = $2
"""


async def save_minutes(
    db: Database, visitor: Visitor, item: tuple[UUID, UUID], minutes: CheckedMinutes, moment: datetime
) -> None:
    """Store the minutes of an item, named by the ids of its meeting and its record."""
    said = (minutes.edition, json.dumps(minutes.answers), minutes.is_done, minutes.decision, minutes.carries)
    await db.execute(SAVE_MINUTES, *item, *said, visitor.user_id, visitor.full_name, moment)


ADD_ADDENDUM = """
    INSERT INTO meeting_addendum (
        id, meeting_id, record_id, register_code, compartment_id, text, added_by, added_by_name, added_at
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


@dataclass(frozen=True, repr=False)
class NewAddendum:
    """A correction to be added to final minutes."""

    addendum_id: UUID
    meeting_id: UUID
    record_id: UUID
    compartment_id: UUID
    text: str
    added_at: datetime


async def add_addendum(db: Database, visitor: Visitor, new: NewAddendum) -> None:
    where = (new.addendum_id, new.meeting_id, new.record_id, visitor.register_code, new.compartment_id)
    await db.execute(ADD_ADDENDUM, *where, new.text, visitor.user_id, visitor.full_name, new.added_at)

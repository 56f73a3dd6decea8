"""Queries of drafts. All but `sweep` are about one user's drafts on one register."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter

from services.referrals.rules.drafts import DraftState, DraftVersion
from shared.contracts.referrals.drafts import DraftNamed, DraftShown, Typed
from shared.database import Database, DatabasePool
from shared.permissions import Visitor

TYPED: TypeAdapter[Typed] = TypeAdapter(Typed)

HOLD = "SELECT hold_draft($1)"
FIND_STATE = """
    SELECT
        c.id IS NOT NULL AS sent,
        CASE WHEN c.actor = $1 THEN (c.answer ->> 'record_id')::uuid END AS record_id,
        coalesce(d.discarded, false) AS discarded,
        d.version,
        d.save_id,
        d.saved_at,
        (
            SELECT count(*) FROM draft AS o
            WHERE o.user_id = $1 AND o.register_code = $2 AND o.id <> $3 AND NOT o.discarded
        ) AS others
    FROM (VALUES (1)) AS one
    LEFT JOIN command AS c ON c.id = $3
    LEFT JOIN draft AS d ON d.user_id = $1 AND d.register_code = $2 AND d.id = $3
"""


async def hold(db: Database, visitor: Visitor, draft_id: UUID) -> DraftState:
    """
    Lock the draft and return its state.

    Until this transaction ends, no other one can save this draft or carry out its command.
    """
    await db.execute(HOLD, draft_id)
    return await find_state(db, visitor, draft_id)


async def find_state(db: Database, visitor: Visitor, draft_id: UUID) -> DraftState:
    (row,) = await db.fetch(FIND_STATE, visitor.user_id, visitor.register_code, draft_id)
    is_kept = row["version"] is not None and not row["discarded"]
    kept = DraftVersion(row["version"], row["save_id"], row["saved_at"]) if is_kept else None
    return DraftState(row["sent"], row["record_id"], row["discarded"], kept, row["others"])


SAVE = """
    INSERT INTO draft (user_id, register_code, id, edition, name, typed, started_at, saved_at, save_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)
    ON CONFLICT (user_id, register_code, id) DO UPDATE
    SET edition = excluded.edition, name = excluded.name, typed = excluded.typed, saved_at = excluded.saved_at,
        save_id = excluded.save_id, version = draft.version + 1
    RETURNING version
"""


@dataclass(frozen=True, repr=False)
class DraftRow:
    draft_id: UUID
    edition: str
    name: str
    typed: Typed
    save_id: UUID


async def save(db: Database, visitor: Visitor, draft: DraftRow, moment: datetime) -> int:
    """Add the draft, or replace what was saved before. Return its version."""
    kept = (draft.edition, draft.name, json.dumps(draft.typed), moment, draft.save_id)
    version: int = await db.fetchval(SAVE, visitor.user_id, visitor.register_code, draft.draft_id, *kept)
    return version


FORGET = "DELETE FROM draft WHERE user_id = $1 AND register_code = $2 AND id = $3 AND NOT discarded RETURNING id"


async def forget(db: Database, visitor: Visitor, draft_id: UUID) -> bool:
    """Delete the draft and return whether there was one. It may be saved again."""
    return await db.fetchval(FORGET, visitor.user_id, visitor.register_code, draft_id) is not None


CLOSE = """
    INSERT INTO draft (user_id, register_code, id, started_at, saved_at, discarded)
    VALUES ($1, $2, $3, $4, $4, true)
    ON CONFLICT DO NOTHING
"""


async def close(db: Database, visitor: Visitor, draft_id: UUID, moment: datetime) -> None:
    """Mark the id as discarded, so that nothing can be saved under it."""
    await db.execute(CLOSE, visitor.user_id, visitor.register_code, draft_id, moment)


DROP_OLDEST_CLOSED = """
    DELETE FROM draft
    WHERE user_id = $1 AND register_code = $2 AND id IN (
        SELECT each.id FROM draft AS each
        WHERE each.user_id = $1 AND each.register_code = $2 AND each.discarded
        ORDER BY each.saved_at DESC, each.id
        OFFSET $3
    )
"""


async def drop_oldest_closed(db: Database, visitor: Visitor, kept: int) -> None:
    await db.execute(DROP_OLDEST_CLOSED, visitor.user_id, visitor.register_code, kept)


LIST = """
    SELECT id, name, started_at, saved_at
    FROM draft
    WHERE user_id = $1 AND register_code = $2 AND NOT discarded
    ORDER BY saved_at DESC, id
"""


async def find_all(db: Database, visitor: Visitor) -> Sequence[DraftNamed]:
    """Return the user's drafts, the last saved first."""
    return [_named(row) for row in await db.fetch(LIST, visitor.user_id, visitor.register_code)]


READ = """
    SELECT id, name, started_at, saved_at, edition, typed, version
    FROM draft
    WHERE user_id = $1 AND register_code = $2 AND id = $3 AND NOT discarded
"""


async def find(db: Database, visitor: Visitor, draft_id: UUID) -> DraftShown | None:
    row = await db.fetchrow(READ, visitor.user_id, visitor.register_code, draft_id)
    if row is None:
        return None
    typed = TYPED.validate_json(row["typed"])
    return DraftShown(draft=_named(row), version=row["version"], edition=row["edition"], typed=typed)


def _named(row: Record) -> DraftNamed:
    return DraftNamed(draft_id=row["id"], name=row["name"], started_at=row["started_at"], saved_at=row["saved_at"])


SWEEP = "SELECT sweep_drafts($1)"


async def sweep(pool: DatabasePool, before: datetime) -> int:
    """Delete the drafts of all users that were last saved before a moment, and return how many. Audited."""
    swept: int = await pool.fetchval(SWEEP, before)
    return swept

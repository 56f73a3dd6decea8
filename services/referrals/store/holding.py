"""Queries of who holds a record and who covers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.referrals.rules.rights import Cover, RecordHolder
from services.referrals.store.scope import bodies_column, bodies_of, in_sight, sight_parameters
from shared.contracts.referrals.holding import Holdings, Named
from shared.database import Database
from shared.permissions import Visitor
from shared.registers.bodies import Compartment, compartment_of

HOLD_RECORD = f"""
    SELECT is_open, created_by, born, reference, version, organisation_id, {bodies_column()}
    FROM record
    WHERE {in_sight("record")} AND id = $4
    FOR NO KEY UPDATE
"""  # noqa: S608  a condition of ours


@dataclass(frozen=True, repr=False)
class Kept:
    """A record whose holdings no other transaction can change until this one ends."""

    is_open: bool
    created_by: UUID
    born: date | None = None
    reference: str = ""
    version: int = 0
    bodies: tuple[str, ...] = ()


async def keep(db: Database, visitor: Visitor, record_id: UUID) -> Kept | None:
    row = await db.fetchrow(HOLD_RECORD, *sight_parameters(visitor), record_id)
    if row is None:
        return None
    return Kept(row["is_open"], row["created_by"], row["born"], row["reference"], row["version"], bodies_of(row))


FIND_BODIES = f"SELECT organisation_id, {bodies_column()} FROM record WHERE {in_sight('record')} AND id = $4"  # noqa: S608


async def find_compartment(db: Database, visitor: Visitor, record_id: UUID) -> Compartment | None:
    """Return the compartment of a record that the visitor may see."""
    row = await db.fetchrow(FIND_BODIES, *sight_parameters(visitor), record_id)
    return None if row is None else compartment_of(visitor.register_code, bodies_of(row))


# The queries by `record_id` alone follow one that finds this record in scope, in the same transaction.
FIND_HOLDER = "SELECT id, user_id FROM record_holding WHERE record_id = $1 AND kind = 'holder' AND ended_at IS NULL"


async def find_holder(db: Database, record_id: UUID, created_by: UUID) -> RecordHolder:
    row = await db.fetchrow(FIND_HOLDER, record_id)
    return RecordHolder(created_by) if row is None else RecordHolder(row["user_id"], row["id"])


END_COVER = """
    UPDATE record_holding
    SET ended_at = clock_timestamp(), ended_by = $3, ended_by_name = $4
    WHERE record_id = $1 AND id = $2 AND kind = 'cover' AND ended_at IS NULL
    RETURNING id
"""
IS_COVER = "SELECT EXISTS (SELECT FROM record_holding WHERE record_id = $1 AND id = $2 AND kind = 'cover')"


async def end_cover(db: Database, record_id: UUID, holding_id: UUID, by: tuple[UUID, str]) -> bool:
    """End the cover, and return whether there was one that had not ended."""
    return await db.fetchval(END_COVER, record_id, holding_id, *by) is not None


async def is_cover(db: Database, record_id: UUID, holding_id: UUID) -> bool:
    return bool(await db.fetchval(IS_COVER, record_id, holding_id))


FIND_COVERS = """
    SELECT user_id, from_day, until_day
    FROM record_holding
    WHERE record_id = $1 AND kind = 'cover' AND ended_at IS NULL AND until_day >= $2
"""


async def find_covers(db: Database, record_id: UUID, day: date) -> list[Cover]:
    """Return the covers that last until this day or longer and were not ended early."""
    return [Cover(**row) for row in await db.fetch(FIND_COVERS, record_id, day)]


MOST_NAMED = 50
FIND_NAMED = f"""
    SELECT kind, user_name AS full_name, from_day, nullif(until_day, 'infinity') AS until_day,
        named_by_name AS named_by, named_at, ended_by_name AS ended_by, ended_at, count(*) OVER () AS there
    FROM record_holding
    WHERE record_id = $1
    ORDER BY named_at DESC, id
    LIMIT {MOST_NAMED}
"""  # noqa: S608  a number of ours


async def find_named(db: Database, record_id: UUID) -> Holdings:
    """Return all users who were named, the newest first, up to `MOST_NAMED`."""
    rows = [dict(row) for row in await db.fetch(FIND_NAMED, record_id)]
    there = [row.pop("there") for row in rows]
    return Holdings(named=tuple(Named(**row) for row in rows), older=there[0] - len(rows) if there else 0)


# One statement: after the first half a holder who hands over could no longer see the record.
REPLACE_HOLDER = """
    WITH ended AS (
        UPDATE record_holding
        SET ended_at = clock_timestamp(), ended_by = $6, ended_by_name = $7
        WHERE record_id = $2 AND kind = 'holder' AND ended_at IS NULL
        RETURNING id
    ), first AS (SELECT count(*) FROM ended)
    INSERT INTO record_holding (id, record_id, kind, user_id, user_name, from_day, named_by, named_by_name)
    SELECT $1, $2, 'holder', $3, $4, $5, $6, $7 FROM first
"""
HOLDS_RECORD = "SELECT $1 = ANY(holder_ids())"
FEED_AGAIN = "SELECT feed_again($1)"
ADD_COVER = """
    INSERT INTO record_holding (
        id, record_id, kind, user_id, user_name, from_day, until_day, named_by, named_by_name, begun_told_at
    )
    VALUES ($1, $2, 'cover', $3, $4, $5, $6, $7, $8, CASE WHEN $9 THEN clock_timestamp() END)
"""


async def replace_holder(
    db: Database, holding_id: UUID, record_id: UUID, who: tuple[UUID, str], day: date, by: tuple[UUID, str]
) -> None:
    """Name the holder in place of the present one, and let the feed say so."""
    await db.execute(REPLACE_HOLDER, holding_id, record_id, *who, day, *by)
    await db.execute(FEED_AGAIN, [record_id])


async def holds_record(db: Database, record_id: UUID) -> bool:
    """Return whether the visitor of the transaction holds an open record."""
    return bool(await db.fetchval(HOLDS_RECORD, record_id))


async def add_cover(
    db: Database, holding_id: UUID, record_id: UUID, cover: Cover, name: str, by: tuple[UUID, str], *, begins: bool
) -> None:
    """Add a cover. `begins` says that it begins at once: then its beginning is told now, and not by the job."""
    days = (cover.from_day, cover.until_day)
    await db.execute(ADD_COVER, holding_id, record_id, cover.user_id, name, *days, *by, begins)


TELL_COVERS = """
    SELECT record_id, register_code, reference, version, organisation_id, bodies, is_over, told
    FROM tell_covers($1, $2, $3)
"""


@dataclass(frozen=True)
class ChangedCover:
    """A cover that has begun or is over, and the users to tell of it."""

    record_id: UUID
    register_code: str
    reference: str
    version: int
    bodies: tuple[str, ...]
    is_over: bool
    told: tuple[UUID, ...]


async def tell_covers(db: Database, day: date, registers: Sequence[str], most: int) -> list[ChangedCover]:
    """Mark the covers that have begun or are over by this day as told, and return those to tell of."""
    rows = await db.fetch(TELL_COVERS, day, list(registers), most)
    return [
        ChangedCover(
            record_id=row["record_id"],
            register_code=row["register_code"],
            reference=row["reference"],
            version=row["version"],
            bodies=bodies_of(row),
            is_over=row["is_over"],
            told=tuple(row["told"]),
        )
        for row in rows
    ]

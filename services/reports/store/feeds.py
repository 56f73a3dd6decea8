"""Where the copying of each source stands, and pages of it taken into the copies."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from shared.database import Database, DatabasePool

Source = Literal["referrals", "outcomes"]
SOURCES: tuple[Source, ...] = ("referrals", "outcomes")
Lane = Literal["live", "rebuild"]
Fields = Mapping[str, object]

READ_FEED = """
    SELECT sequence, wanted, complete_at, rebuild_sequence, counted_by
    FROM feed
    WHERE source = $1
"""


@dataclass(frozen=True)
class FeedState:
    """How far the copying has come: of what is new, and of a rebuild while one is under way."""

    sequence: int
    wanted: bool
    complete_at: datetime | None
    rebuild_sequence: int | None
    counted_by: str


async def read_feed(pool: DatabasePool, source: Source) -> FeedState:
    (row,) = await pool.fetch(READ_FEED, source)
    return FeedState(**row)


HAS_OUTCOMES = "SELECT complete_at IS NOT NULL FROM feed WHERE source = 'outcomes'"


async def has_outcomes(db: Database) -> bool:
    """Whether the outcomes have been copied, all of them, at least once."""
    found: bool = await db.fetchval(HAS_OUTCOMES)
    return found


WANT = "UPDATE feed SET wanted = true WHERE source = $1 AND NOT wanted"
WANTED_NO_MORE = "UPDATE feed SET wanted = false WHERE source = $1 AND wanted"


async def want(db: Database, source: Source) -> None:
    """Have somebody look what is new there."""
    await db.execute(WANT, source)


async def take_wish(pool: DatabasePool, source: Source) -> None:
    """Before looking: what is told from now on is another wish."""
    await pool.execute(WANTED_NO_MORE, source)


APPLY: dict[Source, str] = {
    "referrals": "SELECT apply_records($1, $2, $3, $4, $5, $6)",
    "outcomes": "SELECT apply_outcomes($1, $2, $3, $4, $5, $6)",
}


@dataclass(frozen=True)
class Page:
    """A page of a source's feed, as the copies take it; read from behind `seen`, up to `last`."""

    seen: int
    last: int
    more: bool
    rows: Sequence[Fields]
    gone: Sequence[UUID]


async def apply(pool: DatabasePool, source: Source, lane: Lane, page: Page, complete_at: datetime | None) -> bool:
    """False where another replica was quicker: then this one has changed nothing."""
    rows = json.dumps(page.rows)
    applied: bool = await pool.fetchval(
        APPLY[source], lane, page.seen, page.last, complete_at, rows, list(page.gone), timeout=10
    )
    return applied


FIND_OVERDUE = "SELECT * FROM find_overdue($1, $2)"
RECOUNT = "SELECT recount($1)"
MOST_RECOUNTED = 500


@dataclass(frozen=True)
class OverdueCopy:
    """A copy that is counted as it was until a day that has come."""

    record_id: UUID
    sequence: int
    register_code: str
    counted: list[str]
    born: date | None


async def find_overdue(pool: DatabasePool, day: date) -> list[OverdueCopy]:
    return [OverdueCopy(**row) for row in await pool.fetch(FIND_OVERDUE, day, MOST_RECOUNTED)]


async def recount(pool: DatabasePool, rows: Sequence[Fields]) -> int:
    """How many were counted anew; not those that have come anew from their source."""
    recounted: int = await pool.fetchval(RECOUNT, json.dumps(rows)) if rows else 0
    return recounted


BEGIN_REBUILD = "SELECT begin_rebuild($1, $2)"
END_REBUILD = "SELECT end_rebuild($1, $2)"
KEEP_COUNTED_BY = "UPDATE feed SET counted_by = $2 WHERE source = $1"
PROVE_TALLIES = "SELECT prove_tallies()"
PROVE_WEEKS = "SELECT prove_weeks($1)"
FOLD_WEEKS = "SELECT fold_weeks($1)"


async def begin_rebuild(pool: DatabasePool, source: Source, fresh: timedelta = timedelta(0)) -> bool:
    """False where one is under way, or was done since less than this time."""
    begun: bool = await pool.fetchval(BEGIN_REBUILD, source, fresh)
    return begun


async def end_rebuild(pool: DatabasePool, source: Source, seen: int) -> int | None:
    """How many rows were wrong; None where another replica has ended it."""
    wrong: int | None = await pool.fetchval(END_REBUILD, source, seen)
    return wrong


async def keep_counted_by(pool: DatabasePool, source: Source, counted_by: str) -> None:
    await pool.execute(KEEP_COUNTED_BY, source, counted_by)


async def prove_tallies(db: Database, first_week: date) -> int:
    """How many tallies differed from the copies. They are right again."""
    await db.execute("SET LOCAL statement_timeout = '10min'")
    wrong: int = await db.fetchval(PROVE_TALLIES, timeout=610)
    wrong_weeks: int = await db.fetchval(PROVE_WEEKS, first_week, timeout=610)
    return wrong + wrong_weeks


async def fold_weeks(pool: DatabasePool, first_week: date) -> None:
    """A dashboard that is shown from this week on reads what came before it as one."""
    await pool.execute(FOLD_WEEKS, first_week)

"""Queries of the feeds: how far each source is copied, and pages that are applied to the copies."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from pydantic import TypeAdapter

from services.reports.rules.counting import CountedAnswer
from services.reports.rules.weeks import Move
from shared.database import Database, DatabasePool, as_json
from shared.registers.form.conditions import Answers

Source = Literal["referrals", "outcomes"]
SOURCES: tuple[Source, ...] = ("referrals", "outcomes")
Lane = Literal["live", "rebuild"]

ANSWERS_COUNTED = TypeAdapter(list[CountedAnswer])

READ_FEED = """
    SELECT sequence, wanted, complete_at, rebuild_sequence, counted_by
    FROM feed
    WHERE source = $1
"""


@dataclass(frozen=True)
class FeedState:
    """How far the copying has come. `rebuild_sequence` is set only while a rebuild is under way."""

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
    """Return whether all outcomes have been copied at least once."""
    found: bool = await db.fetchval(HAS_OUTCOMES)
    return found


WANT = "UPDATE feed SET wanted = true WHERE source = $1 AND NOT wanted"
WANTED_NO_MORE = "UPDATE feed SET wanted = false WHERE source = $1 AND wanted"


async def want(db: Database, source: Source) -> None:
    """Request a refresh from the source."""
    await db.execute(WANT, source)


async def take_wish(pool: DatabasePool, source: Source) -> None:
    """Clear the request for a refresh. Called before copying, so that a later event requests another one."""
    await pool.execute(WANTED_NO_MORE, source)


APPLY: dict[Source, str] = {
    "referrals": "SELECT apply_records($1, $2, $3, $4, $5, $6)",
    "outcomes": "SELECT apply_outcomes($1, $2, $3, $4, $5, $6)",
}


@dataclass(frozen=True, repr=False)
class CopiedRecord:
    """
    A record as `apply_records` reads it.

    `bodies` are those of its compartment; None for the compartment of an organisation, of which no row is stored.
    `answers` and `leaving` are JSON text.
    """

    record_id: UUID
    sequence: int
    register_code: str
    edition: str
    reference: str
    version: int
    organisation_id: UUID
    compartment_id: UUID
    bodies: Sequence[str] | None
    state: str
    is_open: bool
    created_by: str
    created_at: datetime
    updated_at: datetime
    rated_at: datetime
    ended_at: datetime | None
    born: date | None
    answers: str
    counted: Sequence[CountedAnswer]
    recount_on: date | None
    moves: Sequence[Move]
    holder: str
    person_id: UUID | None
    sort_name: str
    leaving: str = "{}"


@dataclass(frozen=True, repr=False)
class CopiedOutcome:
    """An outcome as `apply_outcomes` reads it."""

    outcome_id: UUID
    record_id: UUID
    sequence: int
    edition: str
    recorded_by: str
    recorded_at: datetime
    answers: Answers


@dataclass(frozen=True)
class CopiedPage:
    """A page of a source's feed, from after the sequence `seen` up to `last`."""

    seen: int
    last: int
    more: bool
    rows: Sequence[CopiedRecord] | Sequence[CopiedOutcome]
    gone: Sequence[UUID]


async def apply(pool: DatabasePool, source: Source, lane: Lane, page: CopiedPage, complete_at: datetime | None) -> bool:
    """Apply a page to the copies. Return False if another replica was faster; then nothing is changed."""
    applied: bool = await pool.fetchval(
        APPLY[source], lane, page.seen, page.last, complete_at, as_json(page.rows), list(page.gone), timeout=10
    )
    return applied


FIND_OVERDUE = "SELECT record_id, sequence, register_code, counted, born FROM find_overdue($1, $2)"
RECOUNT = "SELECT recount($1)"
MOST_RECOUNTED = 500


@dataclass(frozen=True)
class OverdueCopy:
    """A copy whose counts are out of date, because an age band of the person has changed."""

    record_id: UUID
    sequence: int
    register_code: str
    counted: list[CountedAnswer]
    born: date | None = field(repr=False)


@dataclass(frozen=True)
class RecountedCopy:
    """A copy's new counts as `recount` reads them."""

    record_id: UUID
    sequence: int
    counted: Sequence[CountedAnswer]
    recount_on: date | None


async def find_overdue(pool: DatabasePool, day: date) -> list[OverdueCopy]:
    rows = await pool.fetch(FIND_OVERDUE, day, MOST_RECOUNTED)
    return [OverdueCopy(**(dict(row) | {"counted": ANSWERS_COUNTED.validate_json(row["counted"])})) for row in rows]


async def recount(pool: DatabasePool, rows: Sequence[RecountedCopy]) -> int:
    """Store the new counts and return how many changed. Copies that were renewed meanwhile are left as they are."""
    recounted: int = await pool.fetchval(RECOUNT, as_json(rows)) if rows else 0
    return recounted


BEGIN_REBUILD = "SELECT begin_rebuild($1, $2)"
END_REBUILD = "SELECT end_rebuild($1, $2)"
KEEP_COUNTED_BY = "UPDATE feed SET counted_by = $2 WHERE source = $1"
PROVE_TALLIES = "SELECT prove_tallies()"
PROVE_WEEKS = "SELECT prove_weeks($1)"
FOLD_WEEKS = "SELECT fold_weeks($1)"


async def begin_rebuild(pool: DatabasePool, source: Source, fresh: timedelta = timedelta(0)) -> bool:
    """Begin a rebuild. Return False if one is under way or the last one ended less than `fresh` ago."""
    begun: bool = await pool.fetchval(BEGIN_REBUILD, source, fresh)
    return begun


async def end_rebuild(pool: DatabasePool, source: Source, seen: int) -> int | None:
    """End the rebuild and return how many rows were wrong; None if another replica has ended it."""
    wrong: int | None = await pool.fetchval(END_REBUILD, source, seen)
    return wrong


async def keep_counted_by(pool: DatabasePool, source: Source, counted_by: str) -> None:
    await pool.execute(KEEP_COUNTED_BY, source, counted_by)


async def prove_tallies(db: Database, first_week: date) -> int:
    """Compare the tallies and weeks with the copies, correct them and return how many were wrong."""
    await db.execute("SET LOCAL statement_timeout = '10min'")
    wrong: int = await db.fetchval(PROVE_TALLIES, timeout=610)
    wrong_weeks: int = await db.fetchval(PROVE_WEEKS, first_week, timeout=610)
    return wrong + wrong_weeks


async def fold_weeks(pool: DatabasePool, first_week: date) -> None:
    """Roll up the weeks before this one, so that a dashboard reads them as one."""
    await pool.execute(FOLD_WEEKS, first_week)

"""The queries of a dashboard. One statement reads all counts, so that all its panels show the same moment."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record
from pydantic_core import from_json

from services.reports.rules.counting import CountedAnswer, LatestAnswer, Overdue, Tallies
from services.reports.rules.weeks import first_week
from services.reports.store.feeds import ANSWERS_COUNTED
from shared.database import Database
from shared.registers.form.conditions import codes_of

READ_TALLIES = """
    SELECT 'tally' AS of, question AS name, answer, NULL::uuid AS organisation_id, sum(n)::bigint AS n,
        NULL::jsonb AS counted, NULL::date AS day
    FROM tally
    WHERE register_code = $1 AND compartment_id {counted}
    GROUP BY question, answer
    HAVING sum(n) <> 0
    UNION ALL
    SELECT 'organisation', question, NULL, compartment_id, n, NULL, NULL
    FROM tally
    WHERE $4 AND register_code = $1 AND compartment_id {each} AND question IN ('#total', '#ended:#total') AND n <> 0
    UNION ALL
    SELECT 'overdue', NULL, NULL, NULL, NULL, counted, born
    FROM record_copy
    WHERE register_code = $1 AND compartment_id {each} AND recount_on <= $2
    UNION ALL
    SELECT 'week', level, NULL, NULL, sum(n)::bigint, NULL, greatest(week, $3)
    FROM rating_week
    WHERE register_code = $1 AND compartment_id {counted}
    GROUP BY level, greatest(week, $3)
"""
READ_WHOLE = READ_TALLIES.format(counted="IS NULL", each="IS NOT NULL")
READ_COMPARTMENTS = READ_TALLIES.format(counted="= ANY($5)", each="= ANY($5)")


READ_MOMENT = """
    SELECT
        r.complete_at AS as_at, o.complete_at IS NOT NULL AS has_outcomes, r.sequence, r.generation, r.rebuild_sequence,
        r.rebuilt_at, r.mended, o.sequence AS outcomes_sequence, o.mended AS outcomes_mended
    FROM feed AS r, feed AS o
    WHERE r.source = 'referrals' AND o.source = 'outcomes'
"""


@dataclass(frozen=True)
class CopyMoment:
    """
    How far records and outcomes are copied. Two moments are equal if nothing was copied between them.

    `as_at` is None until the first copy of the records is complete. `has_outcomes`: all outcomes were copied once.
    """

    as_at: datetime | None = field(compare=False)
    has_outcomes: bool = field(compare=False)
    sequence: int
    generation: int
    rebuild_sequence: int | None
    rebuilt_at: datetime | None
    mended: int
    outcomes_sequence: int
    outcomes_mended: int


async def read_moment(db: Database) -> CopyMoment:
    """Return how far the records are copied. Counts that are read after this are at least as new."""
    (row,) = await db.fetch(READ_MOMENT)
    return CopyMoment(**row)


class DashboardCounts:
    """The counts of a dashboard."""

    def __init__(self, rows: Sequence[Record]) -> None:
        moves: dict[date, dict[str, int]] = {}
        self.tallies = Tallies(moves=moves)
        self.overdue: list[Overdue] = []
        for of, name, answer, organisation_id, n, counted, day in rows:
            if of == "week":
                moves.setdefault(day, {})[name] = n
            elif of == "overdue":
                self.overdue.append(Overdue(ANSWERS_COUNTED.validate_json(counted), day))
            elif of == "organisation":
                self.tallies.organisations.setdefault(name, {})[organisation_id] = n
            else:
                self.tallies.add(CountedAnswer(name, answer), n)


async def read_standing(
    db: Database, register_code: str, compartment_ids: Sequence[UUID] | None, day: date, *, by_organisation: bool
) -> DashboardCounts:
    """
    Read the counts of some compartments, or of the whole register, which has sums of its own.

    `by_organisation`: the compartments are organisations, and each is also counted separately.
    """
    values = (register_code, day, first_week(day), by_organisation)
    if compartment_ids is None:
        return DashboardCounts(await db.fetch(READ_WHOLE, *values))
    return DashboardCounts(await db.fetch(READ_COMPARTMENTS, *values, compartment_ids))


LATEST_ANSWERS = """
    SELECT is_open, answer, count(*) AS n
    FROM (
        SELECT DISTINCT ON (o.record_id) r.is_open, o.answers -> $2 AS answer
        FROM outcome_copy AS o
        INNER JOIN record_copy AS r ON r.record_id = o.record_id
        WHERE r.register_code = $1 AND o.answers ? $2 AND ($3::uuid [] IS NULL OR r.compartment_id = ANY($3))
        ORDER BY o.record_id, o.recorded_at DESC, o.outcome_id DESC
    ) AS latest
    GROUP BY is_open, answer
"""


async def read_latest_answers(
    db: Database, register_code: str, compartment_ids: Sequence[UUID] | None, question: str
) -> list[LatestAnswer]:
    """Count records by their latest answer to a question of the outcome form."""
    rows = await db.fetch(LATEST_ANSWERS, register_code, question, compartment_ids)
    return [LatestAnswer(row["is_open"], codes_of(from_json(row["answer"])), row["n"]) for row in rows]

"""
The queries of a dashboard. One statement reads all counts of records, so that its panels show the same moment.

The answers in outcomes are read just after it, by a query for each question.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter
from pydantic_core import from_json

from services.reports.rules.counting import ALSO_ACTIVE, ENDED, CountedAnswer, LatestAnswer, Overdue, Tallies
from services.reports.rules.people import LinkedRecord, NotCounted
from services.reports.rules.tiles import counts_organisations
from services.reports.rules.urgency import rating_order
from services.reports.rules.weeks import first_week
from services.reports.store.feeds import ANSWERS_COUNTED
from services.reports.store.jobs import IN_ORDER
from shared.database import Database
from shared.registers.definition.register import Definition
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
    UNION ALL
    SELECT 'linked', NULL, NULL, NULL, NULL, jsonb_build_object(
        'record_id', record_id, 'person_id', person_id, 'organisation_id', compartment_id, 'is_open', is_open,
        'stands', place = 1, 'items', counted, 'born', born, 'moves', moves
    ), NULL
    FROM (
        SELECT r.record_id, r.person_id, r.compartment_id, r.is_open, r.counted, r.moves, r.born,
            count(*) OVER (PARTITION BY r.person_id) AS records,
            row_number() OVER (PARTITION BY r.person_id, r.is_open ORDER BY {order}) AS place
        FROM record_copy AS r
        WHERE r.register_code = $1 AND r.person_id IS NOT NULL AND r.compartment_id {each}
    ) AS linked
    WHERE records > 1
"""
ORDER = IN_ORDER.format(levels="$5", rating="$6")
READ_WHOLE = READ_TALLIES.format(counted="IS NULL", each="IS NOT NULL", order=ORDER)
READ_COMPARTMENTS = READ_TALLIES.format(counted="= ANY($7)", each="= ANY($7)", order=ORDER)
LINKED = TypeAdapter(LinkedRecord)
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
        self.linked: list[LinkedRecord] = []
        for of, name, answer, organisation_id, n, counted, day in rows:
            if of == "week":
                moves.setdefault(day, {})[name] = n
            elif of == "overdue":
                self.overdue.append(Overdue(ANSWERS_COUNTED.validate_json(counted), day))
            elif of == "linked":
                self.linked.append(LINKED.validate_json(counted))
            elif of == "organisation":
                self.tallies.organisations.setdefault(name, {})[organisation_id] = n
            else:
                self.tallies.add(CountedAnswer(name, answer), n)


async def read_standing(
    db: Database, register: Definition, compartment_ids: Sequence[UUID] | None, day: date
) -> DashboardCounts:
    """
    Read the counts of some compartments, or of the whole register, which has sums of its own.

    If the compartments are organisations, each is also counted separately.
    """
    order = rating_order(register)
    values = (
        register.code,
        day,
        first_week(day),
        counts_organisations(register.reporting.tiles),
        order.levels,
        order.question,
    )
    if compartment_ids is None:
        return DashboardCounts(await db.fetch(READ_WHOLE, *values))
    return DashboardCounts(await db.fetch(READ_COMPARTMENTS, *values, compartment_ids))


LATEST_ANSWERS = """
    SELECT is_open, also_active, answer, count(*) AS n
    FROM (
        SELECT DISTINCT ON (o.record_id) r.is_open, o.record_id = ANY($5) AS also_active, o.answers -> $2 AS answer
        FROM outcome_copy AS o
        INNER JOIN record_copy AS r ON r.record_id = o.record_id
        WHERE r.register_code = $1 AND o.answers ? $2 AND ($3::uuid [] IS NULL OR r.compartment_id = ANY($3))
            AND o.record_id <> ALL($4)
        ORDER BY o.record_id, o.recorded_at DESC, o.outcome_id DESC
    ) AS latest
    GROUP BY is_open, also_active, answer
"""


async def read_latest_answers(
    db: Database, register_code: str, compartment_ids: Sequence[UUID] | None, question: str, left_out: NotCounted
) -> list[LatestAnswer]:
    """Count people by the latest answer of their record to a question of the outcome form."""
    values = (register_code, question, compartment_ids, left_out.anywhere, left_out.also_active)
    latest: list[LatestAnswer] = []
    for row in await db.fetch(LATEST_ANSWERS, *values):
        codes, n = codes_of(from_json(row["answer"])), row["n"]
        latest.append(LatestAnswer("" if row["is_open"] else ENDED, codes, n))
        latest += [LatestAnswer(ALSO_ACTIVE, codes, -n)] if row["also_active"] else []
    return latest

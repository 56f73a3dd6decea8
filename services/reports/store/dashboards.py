"""The query of a dashboard: a single statement, so that all its panels show the same moment."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record

from services.reports.rules.counting import TOTAL, CountedAnswer, Overdue, Tallies
from services.reports.rules.weeks import first_week
from services.reports.store.feeds import ANSWERS_COUNTED
from shared.database import Database

READ_TALLIES = """
    SELECT 'tally' AS of, question AS name, answer, organisation_id, n,
        NULL::jsonb AS counted, NULL::date AS day, NULL::timestamptz AS complete_at
    FROM tally
    WHERE register_code = $1 AND organisation_id = ANY($2) AND n <> 0
    UNION ALL
    SELECT 'overdue', NULL, NULL, NULL, NULL, counted, born, NULL
    FROM record_copy
    WHERE register_code = $1 AND organisation_id = ANY($2) AND recount_on <= $3
    UNION ALL
    SELECT 'week', level, NULL, NULL, sum(n)::bigint, NULL, greatest(week, $4), NULL
    FROM rating_week
    WHERE register_code = $1 AND organisation_id = ANY($2)
    GROUP BY level, greatest(week, $4)
    UNION ALL
    SELECT 'feed', source, NULL, NULL, NULL, NULL, NULL, complete_at
    FROM feed
"""


class DashboardCounts:
    """The counts of a dashboard, and up to what time each source is copied; None during its first copy."""

    def __init__(self, rows: Sequence[Record]) -> None:
        moves: dict[date, dict[str, int]] = {}
        self.tallies = Tallies(moves=moves)
        self.overdue: list[Overdue] = []
        self._complete: dict[str, datetime | None] = {}
        for of, name, answer, organisation_id, n, counted, day, complete_at in rows:
            if of == "feed":
                self._complete[name] = complete_at
            elif of == "week":
                moves.setdefault(day, {})[name] = n
            elif of == "overdue":
                self.overdue.append(Overdue(ANSWERS_COUNTED.validate_json(counted), day))
            elif name == TOTAL:
                self.tallies.organisations[organisation_id] = n
            else:
                self.tallies.add(CountedAnswer(name, answer), n)

    def complete_at(self, source: str) -> datetime | None:
        return self._complete.get(source)


async def read_standing(
    db: Database, register_code: str, organisation_ids: Sequence[UUID], day: date
) -> DashboardCounts:
    return DashboardCounts(await db.fetch(READ_TALLIES, register_code, organisation_ids, day, first_week(day)))

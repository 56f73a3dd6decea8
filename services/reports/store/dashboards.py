"""What a dashboard counts, in one statement, so that its panels are of one moment."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from asyncpg import Record

from services.reports.rules.counting import TOTAL, Overdue, Tallies
from services.reports.rules.weeks import first_week
from shared.database import Database

READ_TALLIES = """
    SELECT question, answer, organisation_id, n, NULL::text [] AS items, NULL::date AS born
    FROM tally
    WHERE register_code = $1 AND organisation_id = ANY($2) AND n <> 0
    UNION ALL
    SELECT '#overdue', '', organisation_id, 0, counted, born
    FROM record_copy
    WHERE register_code = $1 AND organisation_id = ANY($2) AND recount_on <= $3
    UNION ALL
    SELECT '#moved', greatest(week, $4) || ' ' || level, NULL, sum(n)::bigint, NULL, NULL
    FROM rating_week
    WHERE register_code = $1 AND organisation_id = ANY($2)
    GROUP BY 2
    UNION ALL
    SELECT '#complete', source, NULL, (extract(epoch FROM complete_at) * 1000000)::bigint, NULL, NULL
    FROM feed
"""


class Standing:
    """The counts, and as at when those of a source are right; None while it is copied for the first time."""

    def __init__(self, rows: Sequence[Record]) -> None:
        moves: dict[date, dict[str, int]] = {}
        self.tallies = Tallies(moves=moves)
        self.overdue: list[Overdue] = []
        self._complete: dict[str, int | None] = {}
        for question, answer, organisation_id, n, items, born in rows:
            if question == TOTAL:
                self.tallies.organisations[organisation_id] = n
            elif question == "#moved":
                moves.setdefault(date.fromisoformat(answer[:10]), {})[answer[11:]] = n
            elif question == "#overdue":
                self.overdue.append(Overdue(items, born))
            elif question == "#complete":
                self._complete[answer] = n
            else:
                self.tallies.add(f"{question}={answer}", n)

    def complete_at(self, source: str) -> datetime | None:
        moment = self._complete.get(source)
        return None if moment is None else datetime.fromtimestamp(moment / 1_000_000, UTC)


async def read_standing(db: Database, register_code: str, organisation_ids: Sequence[UUID], day: date) -> Standing:
    return Standing(await db.fetch(READ_TALLIES, register_code, organisation_ids, day, first_week(day)))

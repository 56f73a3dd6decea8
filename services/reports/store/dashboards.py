"""What a dashboard counts, in one statement, so that its panels are of one moment."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from asyncpg import Record

from services.reports.rules.counting import BORN, TOTAL, Tallies
from shared.database import Database

READ_TALLIES = """
    WITH scoped AS (
        SELECT organisation_id, question, answer, n
        FROM tally
        WHERE register_code = $1 AND organisation_id = ANY($2)
    )
    SELECT question, answer, sum(n)::bigint AS n
    FROM scoped
    WHERE question <> '#total'
    GROUP BY question, answer
    UNION ALL
    SELECT question, organisation_id::text, n
    FROM scoped
    WHERE question = '#total'
    UNION ALL
    SELECT '#edge', edge::text, (
        SELECT count(*)
        FROM record_copy AS r
        WHERE r.register_code = $1 AND r.status = 0 AND r.organisation_id = ANY($2)
            AND r.born >= date_trunc('year', edge::timestamp)::date AND r.born <= edge
    )
    FROM unnest($3::date[]) AS edge
    UNION ALL
    SELECT '#as_at', '', (extract(epoch FROM complete_at) * 1000000)::bigint
    FROM feed
    WHERE source = 'referrals'
"""


async def read_tallies(
    db: Database, register_code: str, organisation_ids: Sequence[UUID], edges: Sequence[date]
) -> tuple[Tallies, datetime | None]:
    """The counts, and as at when they are right; None while the first copy is being made."""
    rows = await db.fetch(READ_TALLIES, register_code, organisation_ids, edges)
    as_at = next((row["n"] for row in rows if row["question"] == "#as_at"), None)
    return _tallies(rows), None if as_at is None else datetime.fromtimestamp(as_at / 1_000_000, UTC)


def _tallies(rows: Sequence[Record]) -> Tallies:
    organisations: dict[UUID, int] = {}
    answers: dict[str, dict[str, int]] = defaultdict(dict)
    births: dict[int | None, int] = {}
    up_to: dict[date, int] = {}
    for question, answer, n in rows:
        if question == TOTAL:
            organisations[UUID(answer)] = n
        elif question == BORN:
            births[int(answer) if answer else None] = n
        elif question == "#edge":
            up_to[date.fromisoformat(answer)] = n
        elif question != "#as_at":
            answers[question][answer] = n
    return Tallies(organisations, answers, births, up_to)

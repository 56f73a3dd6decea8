"""The queries of the feed of outcomes that count."""

from asyncpg import Record
from pydantic import TypeAdapter

from shared.contracts.outcomes import FedOutcome, OutcomeFeedPage
from shared.contracts.referrals.answers import Answers
from shared.database import Database

ANSWERS: TypeAdapter[Answers] = TypeAdapter(Answers)

ASSIGN_FEED = "SELECT assign_feed()"
READ_FEED = """
    SELECT found, sequence, outcome_id, record_id, register_code, edition, recorded_by, recorded_at, ending, answers
    FROM read_feed($1, $2, $3)
"""


async def read_feed(db: Database, after: int, most: int, most_bytes: int) -> OutcomeFeedPage:
    """Return the outcomes that count, after a place in the feed. Call this outside a transaction."""
    await db.execute(ASSIGN_FEED)
    rows = await db.fetch(READ_FEED, after, most, most_bytes)
    if not rows:
        return OutcomeFeedPage(outcomes=(), last=after, more=False)
    found: int = rows[0]["found"]
    return OutcomeFeedPage(
        outcomes=tuple(_fed(row) for row in rows),
        last=rows[-1]["sequence"],
        more=found == most or found > len(rows),
    )


def _fed(row: Record) -> FedOutcome:
    fields = dict(row)
    del fields["found"]
    return FedOutcome(**(fields | {"answers": ANSWERS.validate_json(row["answers"])}))

"""Reading the records that changed, in the order in which their changes were committed."""

from asyncpg import Record

from services.referrals.store.finding import ANSWERS
from shared.contracts.referrals import FedRecord, FeedPage
from shared.database import Database

ASSIGN = "SELECT assign_feed()"
READ = "SELECT * FROM read_feed($1, $2, $3)"


async def read_feed(db: Database, after: int, most: int, most_bytes: int) -> FeedPage:
    """What is there now and what is gone. To be called outside a transaction."""
    await db.execute(ASSIGN)
    rows = await db.fetch(READ, after, most, most_bytes)
    if not rows:
        return FeedPage(records=(), last=after, more=False)
    found: int = rows[0]["found"]
    return FeedPage(
        records=tuple(_fed(row) for row in rows if row["register_code"] is not None),
        gone=tuple(row["record_id"] for row in rows if row["register_code"] is None),
        last=rows[-1]["sequence"],
        more=found == most or found > len(rows),
    )


def _fed(row: Record) -> FedRecord:
    fields = dict(row)
    del fields["found"]
    fields |= {
        "answers": ANSWERS.validate_json(row["answers"]),
        "status": "archived" if row["status"] else "active",
    }
    return FedRecord(**fields)

"""Records from before records were compared: read, and given what they are compared by."""

from dataclasses import dataclass
from uuid import UUID

from services.referrals.store.finding import ANSWERS
from shared.contracts.referrals import Answers
from shared.database import Database, DatabasePool

READ_WITHOUT_KEYS = "SELECT * FROM read_without_keys($1)"


@dataclass(frozen=True, repr=False)
class Keyless:
    """A record as it was read; one that is gone meanwhile has no answers, and no register."""

    record_id: UUID
    register_code: str | None
    edition: str | None
    version: int | None
    answers: Answers


async def read_without_keys(pool: DatabasePool, most: int) -> list[Keyless]:
    rows = await pool.fetch(READ_WITHOUT_KEYS, most)
    return [Keyless(**dict(row) | {"answers": ANSWERS.validate_json(row["answers"] or "{}")}) for row in rows]


KEY_RECORD = "SELECT key_record($1, $2, $3)"


async def key_record(db: Database, record: Keyless, keys: tuple[str, ...]) -> None:
    """Unless it was saved since; its matches are flagged."""
    await db.execute(KEY_RECORD, record.record_id, record.version, keys)

"""Rate limits. One statement raises the count before the limited act, so parallel requests cannot slip past."""

from services.identity.rules.log_in import LONGEST_WINDOW, Limit, WindowCount
from shared.database import Database

COUNT = """
    INSERT INTO rate_window AS held (kind, key) VALUES ($1, $2)
    ON CONFLICT (kind, key) DO UPDATE SET
        counted = CASE WHEN held.began_at > clock_timestamp() - $3::interval THEN held.counted + 1 ELSE 1 END,
        began_at = CASE
            WHEN held.began_at > clock_timestamp() - $3::interval THEN held.began_at
            ELSE clock_timestamp()
        END
    RETURNING counted, began_at + $3::interval AS ends_at
"""
GIVE_BACK = "UPDATE rate_window SET counted = greatest(counted - 1, 0) WHERE kind = $1 AND key = $2"
FORGET = "DELETE FROM rate_window WHERE kind = ANY($1) AND key = $2"
SWEEP = "DELETE FROM rate_window WHERE began_at < clock_timestamp() - $1::interval"


async def count(db: Database, limit: Limit, key: bytes) -> WindowCount:
    """Count one more in the current window."""
    (row,) = await db.fetch(COUNT, limit.kind, key, limit.length)
    return WindowCount(limit, row["counted"], row["ends_at"])


async def give_back(db: Database, limit: Limit, key: bytes) -> None:
    """Undo the last count, which must not use up the limit."""
    await db.execute(GIVE_BACK, limit.kind, key)


async def forget(db: Database, limits: tuple[Limit, ...], key: bytes) -> None:
    await db.execute(FORGET, [limit.kind for limit in limits], key)


async def sweep(db: Database) -> None:
    await db.execute(SWEEP, LONGEST_WINDOW)

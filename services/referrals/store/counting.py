"""Counters: folding deltas into them, and proving them against the records. Statistics of tables that grow."""

from shared.database import Database, DatabasePool

FOLD_DELTAS = "SELECT fold_deltas()"


async def fold_deltas(pool: DatabasePool) -> int:
    """How many deltas were put into the counters."""
    folded: int = await pool.fetchval(FOLD_DELTAS)
    return folded


TAKE_TIME = "SET LOCAL statement_timeout = '10min'"
PROVE_COUNTERS = "SELECT prove_counters()"
PROVING_SECONDS = 610.0


async def prove_counters(db: Database) -> int:
    """How many counts differed from the records. They are right again."""
    await db.execute(TAKE_TIME)
    wrong: int = await db.fetchval(PROVE_COUNTERS, timeout=PROVING_SECONDS)
    return wrong


REFRESH_STATISTICS = "SELECT refresh_statistics()"


async def refresh_statistics(pool: DatabasePool) -> int:
    """Return how many tables were analysed because they have doubled."""
    refreshed: int = await pool.fetchval(REFRESH_STATISTICS)
    return refreshed

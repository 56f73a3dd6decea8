"""Queries that keep the counters right, and the search index and the statistics of growing tables fresh."""

from shared.database import Database, DatabasePool

FOLD_DELTAS = "SELECT fold_deltas()"


async def fold_deltas(pool: DatabasePool) -> int:
    """Add the deltas to the counters and return how many there were."""
    folded: int = await pool.fetchval(FOLD_DELTAS)
    return folded


TAKE_TIME = "SET LOCAL statement_timeout = '10min'"
PROVE_COUNTERS = "SELECT prove_counters()"
PROVING_SECONDS = 610.0


async def prove_counters(db: Database) -> int:
    """Compare the counts with the records, correct them and return how many were wrong."""
    await db.execute(TAKE_TIME)
    wrong: int = await db.fetchval(PROVE_COUNTERS, timeout=PROVING_SECONDS)
    return wrong


CLEAN_SEARCH = "SELECT clean_search()"


async def clean_search(pool: DatabasePool) -> int:
    """Put new search text into its index, and return how many pages of it waited."""
    cleaned: int = await pool.fetchval(CLEAN_SEARCH)
    return cleaned


REFRESH_STATISTICS = "SELECT refresh_statistics()"


async def refresh_statistics(pool: DatabasePool) -> int:
    """Analyse the tables that have doubled in size and return how many there were."""
    refreshed: int = await pool.fetchval(REFRESH_STATISTICS)
    return refreshed

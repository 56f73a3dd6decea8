"""What operators do with reports without signing in: rebuild the copies from their sources."""

from services.reports.store import feeds
from services.reports.store.feeds import SOURCES
from shared.database import DatabasePool


async def rebuild(pool: DatabasePool) -> list[str]:
    """
    Begin to copy every source again from the start, and return the sources that were not already being rebuilt.

    The running service does the copying. Meanwhile dashboards and reports use the present copies.
    """
    return [source for source in SOURCES if await feeds.begin_rebuild(pool, source)]

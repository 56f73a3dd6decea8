"""What operators do to reports without a log-in: have the copies made anew from their sources."""

from services.reports.store import feeds
from services.reports.store.feeds import SOURCES
from shared.database import DatabasePool


async def rebuild(pool: DatabasePool) -> list[str]:
    """
    Begin to copy every source again, from zero; the sources of which a rebuild was not under way.

    The running service does it, while dashboards and reports go on with the copies that are there.
    """
    return [source for source in SOURCES if await feeds.begin_rebuild(pool, source)]

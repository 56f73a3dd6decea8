"""What a service measures of its own queues: figures for `/metrics`, and those that `/ready` complains of."""

from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client import Gauge

from shared.database import DatabasePool

SECONDS = 1.0  # how long a reader of /ready or /metrics waits for a connection, and for each query


@dataclass(frozen=True)
class Measure:
    """
    A figure that a query without parameters reads from the service's schema.

    Above `limit` the service is not ready, and `/ready` says `trouble`.
    """

    gauge: Gauge
    query: str
    limit: float = float("inf")
    trouble: str = ""


QUEUES = (
    Measure(
        Gauge("ics_outbox_unsent", "Events and letters that are not sent yet"),
        "SELECT count(*) FROM outbox WHERE sent_at IS NULL",
    ),
    Measure(
        Gauge("ics_outbox_oldest_seconds", "How long the oldest event or letter that is not sent has waited"),
        """
        SELECT extract(epoch FROM clock_timestamp() - (
            SELECT o.occurred_at FROM outbox AS o WHERE o.sent_at IS NULL ORDER BY o.id LIMIT 1
        ))
        """,
        limit=120.0,
        trouble="events have not been sent for more than two minutes",
    ),
    Measure(
        Gauge("ics_set_aside", "Events that were given up after all retries, and wait for an operator"),
        "SELECT count(*) FROM set_aside",
    ),
)


async def measured(pool: DatabasePool, measures: Sequence[Measure] = QUEUES) -> list[str]:
    """Set every gauge, and return the troubles. Raise one of `DATABASE_FAULTS` if the database does not answer."""
    troubles: list[str] = []
    async with pool.acquire(timeout=SECONDS) as db:
        for each in measures:
            found = float(await db.fetchval(each.query, timeout=SECONDS) or 0)
            each.gauge.set(found)
            if found > each.limit:
                troubles.append(each.trouble)
    return troubles

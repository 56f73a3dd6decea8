"""What a service measures of its own work: figures for `/metrics`, and those that `/ready` complains of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prometheus_client import Gauge

from shared.bus.protocol import Bus
from shared.context import ServiceContext
from shared.database import DATABASE_FAULTS, DatabasePool
from shared.health import RECONNECTS
from shared.messages import NotAnswered

SECONDS = 1.0  # how long a reader of /ready or /metrics waits for a connection, and for each query
NEVER = float("inf")


@dataclass(frozen=True)
class Measure:
    """
    A figure that a query without parameters reads from the service's schema.

    Above `limit` the service is not ready, and `/ready` says `trouble`.
    """

    gauge: Gauge
    query: str
    limit: float = NEVER
    trouble: str = ""


@dataclass(frozen=True)
class ProcessMeasure:
    """A figure that the process knows of itself. Above `limit` it is not ready, and `/ready` says `trouble`."""

    gauge: Gauge
    read: Callable[[ServiceContext], float]
    limit: float = NEVER
    trouble: str = ""


PROCESS = (
    ProcessMeasure(
        Gauge("ics_bus_connected", "Whether the process is connected to NATS: 1 or 0"),
        lambda context: context.bus.connected,
    ),
    ProcessMeasure(RECONNECTS, lambda context: context.bus.reconnects),
    ProcessMeasure(
        Gauge("ics_publishing_refused_seconds", "For how long NATS has refused to store every event"),
        lambda context: context.relay.refused_seconds(),
        limit=30.0,
        trouble="NATS has refused to store events for more than 30 seconds",
    ),
    ProcessMeasure(
        Gauge("ics_database_short", "1 if the database lately lacked disk space, memory or connections, else 0"),
        lambda context: context.shortage.is_recent(),
        limit=0.0,
        trouble="in the last minute the database refused work for want of disk space, memory or connections",
    ),
)

LAG = Gauge("ics_reader_lag", "Events that the reader has not handled", ["reader"])
LONGEST_LAG = 1000
STALLED = Gauge(
    "ics_reader_stalled_seconds", "For how long the reader has neither handled an event nor found none", ["reader"]
)
LONGEST_STALL = 120.0
MISSING = Gauge("ics_reader_missing", "1 while NATS does not have the reader or its stream, else 0", ["reader"])

QUEUES = (
    Measure(
        Gauge("ics_outbox_unsent", "Events and letters that are not sent yet"),
        "SELECT count(*) FROM outbox WHERE sent_at IS NULL",
    ),
    Measure(
        Gauge("ics_outbox_oldest_seconds", "How long the oldest unsent event or letter has waited; 0 while held"),
        """
        SELECT extract(epoch FROM clock_timestamp() - (
            SELECT o.occurred_at
            FROM outbox AS o
            WHERE o.sent_at IS NULL AND NOT EXISTS (SELECT FROM installation WHERE held_since IS NOT NULL)
            ORDER BY o.id
            LIMIT 1
        ))
        """,
        limit=120.0,
        trouble="events have not been sent for more than two minutes",
    ),
    Measure(
        Gauge("ics_outbox_lost", "Events that NATS has lost, and that wait to be sent again"),
        "SELECT count(*) FROM outbox WHERE lost_at IS NOT NULL",
    ),
    Measure(
        Gauge("ics_held", "Whether the installation is held, so that no mail and no event leaves: 1 or 0"),
        "SELECT count(*) FROM installation WHERE held_since IS NOT NULL",
    ),
    Measure(
        Gauge("ics_set_aside", "Events that were given up after all retries, and wait for an operator"),
        "SELECT count(*) FROM set_aside",
    ),
    Measure(
        Gauge("ics_audit_unsealed", "Audit rows that no seal covers yet; counted up to 100,000"),
        "SELECT unsealed FROM measure_audit()",
    ),
    Measure(
        Gauge("ics_audit_unsealed_seconds", "How long the oldest audit row without a seal has waited"),
        "SELECT oldest_seconds FROM measure_audit()",
        limit=900.0,
        trouble="the audit has not been sealed for more than 15 minutes",
    ),
)


async def find_backlog(context: ServiceContext, own: Sequence[Measure]) -> list[str]:
    """Take every figure of the service, its own among them. Return the troubles: what has been left undone too long."""
    troubles = read_process(context)
    try:
        troubles += await measured(context.background, (*QUEUES, *own))
    except DATABASE_FAULTS:
        troubles.append("the database does not answer")
    try:
        troubles += await read_readers(context.bus)
    except NotAnswered:
        troubles.append("NATS does not answer")
    return troubles


def read_process(context: ServiceContext) -> list[str]:
    troubles: list[str] = []
    for each in PROCESS:
        found = each.read(context)
        each.gauge.set(found)
        if found > each.limit:
            troubles.append(each.trouble)
    return troubles


async def read_readers(bus: Bus) -> list[str]:
    """Set the figures of each durable reader, and return the troubles. Raise `NotAnswered` if NATS does not answer."""
    troubles: list[str] = []
    for each in await bus.look_at_readers():
        MISSING.labels(each.durable).set(each.lag is None)
        STALLED.labels(each.durable).set(each.stalled)
        LAG.labels(each.durable).set(each.lag or 0)
        if each.lag is None:
            troubles.append(f"NATS has no reader {each.durable}, so no event arrives")
        elif each.lag and each.stalled > LONGEST_STALL:
            troubles.append(f"the reader {each.durable} has handled no event for more than two minutes")
        elif each.lag > LONGEST_LAG:
            troubles.append(f"more than {LONGEST_LAG} events wait for the reader {each.durable}")
    return troubles


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

"""Ways to wait until the product has no work left, and to hold back the work that follows a request."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
from nats.js import JetStreamContext

from deploy.build.nats_permissions import DEPLOYER
from deploy.runner.waiting import until
from shared.bus.deploying import deployer_connection
from shared.streams import readers
from tests.benchmarks.measuring import paused
from tests.inside import Inside

SETTLE_SECONDS = 60.0
# Unsent events, undecided outcomes, unsent mails and records that are not copied. Also urgent tasks that are not seen,
# because their second mails would go out during a measurement.
LEFT = """
    SELECT (SELECT count(*) FROM referrals.outbox WHERE sent_at IS NULL)
        + (SELECT count(*) FROM outcomes.outbox WHERE sent_at IS NULL)
        + (SELECT count(*) FROM identity.outbox WHERE sent_at IS NULL)
        + (SELECT count(*) FROM outcomes.outcome WHERE state = 'pending')
        + (SELECT count(*) FROM outcomes.task
           WHERE closed_at IS NULL AND kind = 'urgent' AND seen_at IS NULL AND told_again_at IS NULL AND is_told)
        + (SELECT count(*) FROM notifier.mail WHERE state IN ('queued', 'sending'))
        + (SELECT count(*) FROM referrals.record_feed WHERE sequence IS NULL)
        + (SELECT (f.sequence < s.last_value)::integer FROM reports.feed AS f, referrals.record_feed_sequence AS s
           WHERE f.source = 'referrals')
"""
# The lock that the relay of referrals takes before it carries events: while this test holds it, no event leaves.
HOLD = "SELECT pg_advisory_lock(hashtextextended('referrals.outbox', 0))"
RELEASE = "SELECT pg_advisory_unlock(hashtextextended('referrals.outbox', 0))"


class NotSettled(RuntimeError):
    """Raised if there is still work in progress, which would be counted as part of the next act."""


class Settle:
    """Wait until events are carried and handled, mails are sent and records are copied."""

    def __init__(self, db: "asyncpg.Connection[asyncpg.Record]", streams: JetStreamContext) -> None:
        self._db = db
        self._streams = streams

    @property
    def backend(self) -> int:
        """The process id of the backend that answers these queries."""
        return self._db.get_server_pid()

    async def __call__(self) -> None:
        if not await until(self._nothing_left, SETTLE_SECONDS, every=0.2):
            raise NotSettled(f"after {SETTLE_SECONDS:.0f} s: {await self._db.fetchval(LEFT)} rows of work")

    async def _nothing_left(self) -> bool:
        return not await self._db.fetchval(LEFT) and not await self._not_taken()

    async def _not_taken(self) -> int:
        """Return the number of messages that a service has not read from its stream, or not acknowledged."""
        infos = [await self._streams.consumer_info(each.stream, each.durable) for each in readers()]
        return sum((each.num_pending or 0) + (each.num_ack_pending or 0) for each in infos)

    @asynccontextmanager
    async def holding_followers(self) -> AsyncIterator[None]:
        """Hold all events of referrals in the outbox during the block."""
        await self._db.execute(HOLD)
        try:
            yield
        finally:
            await self._db.execute(RELEASE)


@asynccontextmanager
async def settling(inside: Inside) -> AsyncIterator[Settle]:
    db = await asyncpg.connect(inside.database.admin_dsn)
    try:
        async with deployer_connection(inside.nats_url, inside.keyring.nats_seeds[DEPLOYER]) as connection:
            yield Settle(db, connection.jetstream())
    finally:
        await db.close()


@asynccontextmanager
async def bystanders_paused(inside: Inside, parts: Sequence[str]) -> AsyncIterator[None]:
    with paused(inside, parts):
        yield


@asynccontextmanager
async def followers_held(inside: Inside, parts: Sequence[str], settle: Settle) -> AsyncIterator[None]:
    """Leave only the request to measure: suspend the bystanders, and hold the events back."""
    async with settle.holding_followers():
        with paused(inside, parts):
            yield

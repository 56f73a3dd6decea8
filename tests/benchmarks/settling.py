"""Waits until the product has nothing left to do, and holds back what follows a request."""

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
# Events that are not carried, outcomes that are not decided, mails that are not sent, records that are not copied, and
# urgent tasks that nobody has seen: their mails would go out in the middle of a measurement.
LEFT = """
    SELECT (SELECT count(*) FROM referrals.outbox WHERE sent_at IS NULL)
        + (SELECT count(*) FROM outcomes.outbox WHERE sent_at IS NULL)
        + (SELECT count(*) FROM identity.outbox WHERE sent_at IS NULL)
        + (SELECT count(*) FROM outcomes.outcome WHERE state = 'pending')
        + (SELECT count(*) FROM outcomes.task
           WHERE closed_at IS NULL AND kind = 'urgent' AND seen_at IS NULL AND told_again_at IS NULL)
        + (SELECT count(*) FROM notifier.mail WHERE state IN ('queued', 'sending'))
        + (SELECT count(*) FROM referrals.record_feed WHERE sequence IS NULL)
        + (SELECT (f.sequence < s.last_value)::integer FROM reports.feed AS f, referrals.record_feed_sequence AS s
           WHERE f.source = 'referrals')
"""
# What the relay of referrals takes before it carries anything: as long as we have it, nothing leaves.
HOLD = "SELECT pg_advisory_lock(hashtextextended('referrals.outbox', 0))"
RELEASE = "SELECT pg_advisory_unlock(hashtextextended('referrals.outbox', 0))"


class NotSettled(RuntimeError):
    """Something is still at work, and would be counted as part of the next act."""


class Settle:
    """Waits until events are carried and taken, mails are sent and records are copied."""

    def __init__(self, db: "asyncpg.Connection[asyncpg.Record]", streams: JetStreamContext) -> None:
        self._db = db
        self._streams = streams

    @property
    def backend(self) -> int:
        """The process in which our own questions run."""
        return self._db.get_server_pid()

    async def __call__(self) -> None:
        if not await until(self._nothing_left, SETTLE_SECONDS, every=0.2):
            raise NotSettled(f"after {SETTLE_SECONDS:.0f} s: {await self._db.fetchval(LEFT)} rows of work")

    async def _nothing_left(self) -> bool:
        return not await self._db.fetchval(LEFT) and not await self._not_taken()

    async def _not_taken(self) -> int:
        """Messages that a service has not taken from its stream, or not to the end."""
        infos = [await self._streams.consumer_info(each.stream, each.durable) for each in readers()]
        return sum((each.num_pending or 0) + (each.num_ack_pending or 0) for each in infos)

    @asynccontextmanager
    async def holding_followers(self) -> AsyncIterator[None]:
        """What is told waits in the outbox for as long as the block lasts."""
        await self._db.execute(HOLD)
        try:
            yield
        finally:
            await self._db.execute(RELEASE)


@asynccontextmanager
async def settling(inside: Inside) -> AsyncIterator[Settle]:
    db = await asyncpg.connect(inside.database.admin_dsn)
    connection = await deployer_connection(inside.nats_url, inside.keyring.nats_seeds[DEPLOYER])
    try:
        yield Settle(db, connection.jetstream())
    finally:
        await connection.close()
        await db.close()


@asynccontextmanager
async def bystanders_paused(inside: Inside, parts: Sequence[str]) -> AsyncIterator[None]:
    with paused(inside, parts):
        yield


@asynccontextmanager
async def followers_held(inside: Inside, parts: Sequence[str], settle: Settle) -> AsyncIterator[None]:
    """The request alone: bystanders stand still, and nobody is told of it yet."""
    async with settle.holding_followers():
        with paused(inside, parts):
            yield

"""Ways to kill processes of a running product, and to wait until it has recovered."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

from deploy.runner.children import says_ready
from deploy.runner.waiting import until
from shared.messages import PROCESSES, SERVICES
from tests.inside import Inside

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

BACK_SECONDS = 60
SETTLED_SECONDS = 30
LEASE_SECONDS = 90  # what a patient run adds: the lease of a mail and the time until its next attempt

# Unfinished work: events that are not published, notices that are not handled, mails that wait, pending archives,
# records and outcomes that reports lacks, records that outcomes does not know yet, and audit rows without a seal.
ON_ITS_WAY = (
    *(f"SELECT count(*) FROM {service}.outbox WHERE sent_at IS NULL" for service in SERVICES),
    "SELECT count(*) FROM notifier.mail WHERE state IN ('queued', 'sending')",
    """
    SELECT count(*)
    FROM referrals.outbox AS o
    LEFT JOIN notifier.inbox AS i ON i.event_id = o.event_id
    WHERE o.subjects[1] LIKE 'notice.%' AND i.event_id IS NULL
    """,
    """
    SELECT count(*)
    FROM referrals.record AS r
    LEFT JOIN reports.record_copy AS c ON c.record_id = r.id AND c.version = r.version
    WHERE c.record_id IS NULL
    """,
    """
    SELECT count(*)
    FROM outcomes.outcome AS o
    LEFT JOIN reports.outcome_copy AS c ON c.outcome_id = o.id
    WHERE o.state = 'pending' OR (o.state = 'saved' AND c.outcome_id IS NULL)
    """,
    """
    SELECT count(*)
    FROM referrals.record AS r
    LEFT JOIN outcomes.record_known AS k ON k.record_id = r.id AND k.version = r.version
    WHERE k.record_id IS NULL
    """,
    *(
        f"SELECT count(*) FROM {service}.audit WHERE xid >= coalesce((SELECT max(hi) FROM {service}.audit_seal), '0')"
        for service in SERVICES
    ),
)
# Let the lease of a mail end now, if the process that claimed it is dead.
DYING_SECONDS = 0.1
END_LEASES = "UPDATE notifier.mail SET next_try_at = clock_timestamp() WHERE state = 'sending' AND claimed_at < $1"


class NotMended(AssertionError):
    """Raised if the product has not recovered in time."""


@asynccontextmanager
async def administrator(inside: Inside) -> AsyncIterator[Connection]:
    """Connect to the database as its superuser."""
    connection = await asyncpg.connect(inside.database.admin_dsn, timeout=10)
    try:
        yield connection
    finally:
        await connection.close()


@dataclass(frozen=True)
class Killed:
    """A killed part, the process id that it had, and the time of the kill in seconds since 1970."""

    part: str
    pid: int
    at: float


def kill(inside: Inside, part: str) -> Killed | None:
    """Kill exactly this process of the product with SIGKILL. Return None if it is already dead."""
    try:
        pid = inside.pid_of(part)
        if pid not in {each.pid for each in inside.family()}:
            return None
        os.kill(pid, signal.SIGKILL)
    except (LookupError, ProcessLookupError):
        return None
    return Killed(part, pid, time.time())


@contextlib.contextmanager
def suspended(inside: Inside, *parts: str) -> Iterator[None]:
    """Stop the processes of these parts for the block, as a debugger does, so that they do nothing meanwhile."""
    pids = [inside.pid_of(each) for each in parts]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


async def mended(inside: Inside, killed: Sequence[Killed]) -> None:
    """
    Wait until a new process replaces each that was killed, and every process is ready.

    Raise `NotMended` after `BACK_SECONDS`.
    """
    killed_pids = {each.pid for each in killed}

    async def all_ready() -> bool:
        if not killed_pids.isdisjoint(_pid(inside, each.part) for each in killed):
            return False
        return all(await asyncio.gather(*(says_ready(inside.health_socket(process))() for process in PROCESSES)))

    if not await until(all_ready, BACK_SECONDS, every=0.05):
        raise NotMended("not every process is ready")


def _pid(inside: Inside, part: str) -> int:
    with contextlib.suppress(LookupError):
        return inside.pid_of(part)
    return 0


async def settled(inside: Inside, killed: Sequence[Killed], *, patient: bool) -> list[str]:
    """
    Wait until no work is left, and return a sentence for each kind of work that is still left in the end.

    `patient` runs wait for the leases of killed processes; others end those leases at once.
    """
    await mended(inside, killed)
    kills = [each.at for each in killed if each.part == "notifier"]
    if kills and not patient:
        await _end_leases(inside, max(kills))
    left: dict[str, int] = {}

    async def nothing_left() -> bool:
        with contextlib.suppress(asyncpg.PostgresError, OSError, TimeoutError):
            left.update(await work_left(inside))
            return not any(left.values())
        return False

    await until(nothing_left, SETTLED_SECONDS + (LEASE_SECONDS if patient else 0), every=0.1)
    return [f"still on its way: {found} by {query}" for query, found in left.items() if found]


async def work_left(inside: Inside) -> dict[str, int]:
    """Return how much is left of each kind of work that follows from what users do."""
    async with administrator(inside) as db:
        return {" ".join(query.split()): await db.fetchval(query) for query in ON_ITS_WAY}


async def _end_leases(inside: Inside, killed_at: float) -> None:
    """
    End the leases of mails that the killed notifier had claimed. A kill takes a moment, a new start much longer.

    The start time of the new process would not do: the kernel's clock for it may be a second off.
    """
    async with administrator(inside) as db:
        await db.execute(END_LEASES.replace("$1", "to_timestamp($1)"), killed_at + DYING_SECONDS)

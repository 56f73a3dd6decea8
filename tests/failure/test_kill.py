"""Processes are killed while users refer: nothing that was acknowledged is lost, doubled or incomplete."""

import asyncio
import secrets
from random import Random

import pytest

from deploy.runner.waiting import until
from shared.messages import PROCESSES
from tests.failure.breaking import Connection, Killed, administrator, kill, mended, settled, suspended
from tests.failure.journal import Journal, refer
from tests.failure.rounds import Trial
from tests.inside import Inside

pytestmark = pytest.mark.failure

REFERRALS, FULL_REFERRALS = 30, 200
SEED = secrets.randbelow(1_000_000)
VICTIMS = Random(SEED).sample(PROCESSES, 3)


@pytest.fixture
def referrals(full_rounds: bool) -> int:
    """The number of referrals in a round."""
    return FULL_REFERRALS if full_rounds else REFERRALS


@pytest.mark.parametrize("number", [0, *(pytest.param(each, marks=pytest.mark.full_rounds) for each in (1, 2))])
async def test_a_killed_process_loses_nothing_that_was_acknowledged(broken: Trial, referrals: int, number: int) -> None:
    await then_nothing_differs(broken, f"Process{number}", [VICTIMS[number]], referrals)


async def test_a_killed_bus_loses_nothing_that_was_acknowledged(broken: Trial, referrals: int) -> None:
    await then_nothing_differs(broken, "Bus", ["nats"], referrals)


async def test_a_killed_database_loses_nothing_that_was_acknowledged(broken: Trial, referrals: int) -> None:
    await then_nothing_differs(broken, "Database", ["postgres"], referrals)


async def test_a_bus_that_comes_back_without_its_streams_gets_them_again(broken: Trial) -> None:
    killed = lose_streams(broken.inside)
    await mended(broken.inside, [killed])

    await then_nothing_differs(broken, "Streams", [], 5)


async def test_what_the_streams_lose_before_its_readers_have_it_is_sent_again(broken: Trial) -> None:
    journal = Journal("Lost")

    async def said(_count: int) -> None:
        await asyncio.sleep(0)

    with suspended(broken.inside, "notifier", "outcomes"):
        await refer(broken.people, broken.administrator, journal, 5, said)
        async with administrator(broken.inside) as db:
            assert await until(lambda: all_sent(db), 10)
            assert 5 <= await db.fetchval(UNTOLD)
        killed = lose_streams(broken.inside)
        assert await until(lambda: is_replaced(broken.inside, killed), 10)
    left = await settled(broken.inside, [killed], patient=False)

    async def nothing_differs() -> bool:
        return not await broken.ledger.differences(journal)

    # A suspended reader may hold the events already, so that no work is left before the streams have them again.
    await until(nothing_differs, 30, every=1)
    assert [] == left + await broken.ledger.differences(journal)


# Notices that NATS has, and the notifier has not.
UNTOLD = """
    SELECT count(*)
    FROM referrals.outbox AS o
    LEFT JOIN notifier.inbox AS i ON i.event_id = o.event_id
    WHERE o.subjects[1] LIKE 'notice.%' AND o.sent_at IS NOT NULL AND i.event_id IS NULL
"""


async def all_sent(db: Connection) -> bool:
    return not await db.fetchval("SELECT count(*) FROM referrals.outbox WHERE sent_at IS NULL")


async def is_replaced(inside: Inside, killed: Killed) -> bool:
    try:
        return inside.pid_of(killed.part) != killed.pid
    except (LookupError, ValueError):
        return False


def lose_streams(inside: Inside) -> Killed:
    """Take the store of NATS away while it runs, and kill it."""
    streams = inside.state.nats / "streams"
    streams.rename(streams.with_name(f"streams-{secrets.token_hex(4)}"))
    killed = kill(inside, "nats")
    assert killed is not None
    return killed


async def then_nothing_differs(broken: Trial, name: str, victims: list[str], referrals: int) -> None:
    round_ = await broken.round(name, victims, referrals, Random(f"{SEED} {name}"))

    assert victims == [each.part for each in round_.killed], f"seed {SEED}: {round_.told()}"
    assert [] == round_.differences, f"seed {SEED}: {round_.told()}"

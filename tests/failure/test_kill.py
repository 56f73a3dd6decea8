"""Processes are killed while users refer: nothing that was acknowledged is lost, doubled or incomplete."""

import secrets
from random import Random

import pytest

from shared.messages import PROCESSES
from tests.failure.breaking import kill, mended
from tests.failure.rounds import Trial

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
    streams = broken.inside.state.nats / "streams"
    streams.rename(streams.with_name("streams-away"))
    killed = kill(broken.inside, "nats")
    assert killed is not None
    await mended(broken.inside, [killed])

    await then_nothing_differs(broken, "Streams", [], 5)


async def then_nothing_differs(broken: Trial, name: str, victims: list[str], referrals: int) -> None:
    round_ = await broken.round(name, victims, referrals, Random(f"{SEED} {name}"))

    assert victims == [each.part for each in round_.killed], f"seed {SEED}: {round_.told()}"
    assert [] == round_.differences, f"seed {SEED}: {round_.told()}"

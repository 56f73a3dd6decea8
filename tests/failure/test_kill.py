"""Processes are killed while people refer: nothing that was acknowledged is lost, doubled, or there by half."""

import secrets
from random import Random

import pytest

from shared.messages import PROCESSES
from tests.failure.rounds import Trial

pytestmark = [pytest.mark.failure, pytest.mark.asyncio(loop_scope="session")]

REFERRALS = 200
SEED = secrets.randbelow(1_000_000)
VICTIMS = Random(SEED).sample(PROCESSES, 3)


@pytest.mark.parametrize("number", range(3))
async def test_a_killed_process_loses_nothing_that_was_acknowledged(broken: Trial, number: int) -> None:
    await then_nothing_differs(broken, f"Process{number}", VICTIMS[number])


async def test_a_killed_bus_loses_nothing_that_was_acknowledged(broken: Trial) -> None:
    await then_nothing_differs(broken, "Bus", "nats")


async def test_a_killed_database_loses_nothing_that_was_acknowledged(broken: Trial) -> None:
    await then_nothing_differs(broken, "Database", "postgres")


async def then_nothing_differs(broken: Trial, name: str, victim: str) -> None:
    round_ = await broken.round(name, [victim], REFERRALS, Random(f"{SEED} {name}"))

    assert [victim] == [each.part for each in round_.killed], f"seed {SEED}: {round_.told()}"
    assert [] == round_.differences, f"seed {SEED}: {round_.told()}"

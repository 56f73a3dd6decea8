"""
Kill processes of the product at random, round after round, and print every difference.

    python -m tests.failure.soak --rounds 20 --referrals 200 --kills 2 --seed 7

Any process may be killed, and several in a round. The same seed kills the same processes, at the same point of the
work.
"""

import argparse
import secrets
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.failure.rounds import Trial, trial
from tests.inside import EVERYTHING
from tests.support.ending import run_to_its_end


def read_options(arguments: list[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m tests.failure.soak")
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--referrals", type=int, default=200, help="in each round")
    options.add_argument("--kills", type=int, default=2, help="in each round")
    options.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    options.add_argument("--only", nargs="+", choices=EVERYTHING, default=list(EVERYTHING), help="what may be killed")
    return options.parse_args(arguments)


async def soak(running: Trial, options: argparse.Namespace) -> int:
    """Run the rounds, and return how many left a difference."""
    chance = Random(options.seed)
    bad = 0
    for number in range(1, options.rounds + 1):
        started = time.monotonic()
        victims = chance.choices(options.only, k=options.kills)
        came = await running.round(f"Round{number}", victims, options.referrals, Random(f"{options.seed} {number}"))
        again = running.ledger.mails_sent_again
        print(f"{came.told()}; mails sent again so far {again}; {time.monotonic() - started:.0f} s", flush=True)
        for each in came.differences:
            print(f"    {each}", flush=True)
        bad += bool(came.differences)
    return bad


async def run(options: argparse.Namespace) -> int:
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="ics-soak-") as folder:
        async with trial(Path(folder) / "state", patient=True) as running:
            bad = await soak(running, options)
    print(f"seed {options.seed}: {options.rounds} rounds, {bad} with differences")
    return bad


if __name__ == "__main__":
    sys.exit(min(run_to_its_end(run(read_options(sys.argv[1:]))), 1))

"""
Break the rules and the policies in small ways, and print the breaks that no test sees.

Everything runs in copies of the source tree. `--seed` chooses other mutants; `--minutes` says when to stop.
"""

import argparse
import asyncio
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from tests.mutants.making import Mutant, mutants_of, said_of
from tests.mutants.places import PARTS, Part
from tests.support.ending import run_to_its_end

ROOT = Path(__file__).parents[2]
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "node_modules", "var", "__pycache__", ".*_cache")
SILENT = asyncio.subprocess.DEVNULL
PYTEST = ("-m", "pytest", "-n", "0", "-x", "-q", "-p", "no:cacheprovider", "-m", "not slow and not programs")
END_SECONDS = 20
LONGEST = 300.0
# Unsettled: the first tests do not see it, and the others did not end in time.
Verdict = Literal["seen", "survived", "unsettled"]


@dataclass(frozen=True)
class Tried:
    """A mutant that was tried, as the reader sees it."""

    said: str
    verdict: Verdict


@dataclass(frozen=True)
class Copy:
    """A copy of the source tree, in which one mutant at a time is tried."""

    root: Path

    async def try_one(self, part: Part, mutant: Mutant, until: float) -> Tried:
        file = self.root / mutant.path
        kept = file.read_text("utf-8")
        changed = mutant.change(kept)
        file.write_text(changed, "utf-8")
        try:
            return Tried(f"{mutant.path}:{said_of(kept, changed)}", await self._verdict(part, until))
        finally:
            file.write_text(kept, "utf-8")

    async def _verdict(self, part: Part, until: float) -> Verdict:
        """Try the first tests, then the others for as long as there is time. First tests that hang have seen it."""
        if not await self.passes(part.first, LONGEST):
            return "seen"
        left = until - time.monotonic()
        passes = await self.passes(part.then, min(max(left, 0), LONGEST))
        if passes is None:
            return "unsettled"
        return "survived" if passes else "seen"

    async def passes(self, tests: tuple[str, ...], seconds: float) -> bool | None:
        """Return whether these tests pass; None if they did not end within these seconds."""
        command = ["setpriv", "--pdeathsig", "INT", sys.executable, *PYTEST, *tests]
        running = await asyncio.create_subprocess_exec(
            *command, cwd=self.root, start_new_session=True, stdout=SILENT, stderr=SILENT
        )
        try:
            async with asyncio.timeout(seconds):
                return await running.wait() == 0
        except TimeoutError:
            return None
        finally:
            await _end(running)


async def _end(running: asyncio.subprocess.Process) -> None:
    """End the tests, and the servers that they started."""
    if running.returncode is None:
        running.send_signal(signal.SIGINT)
        try:
            async with asyncio.timeout(END_SECONDS):
                await running.wait()
        except TimeoutError:
            os.killpg(running.pid, signal.SIGKILL)
            await running.wait()


async def run(asked: argparse.Namespace) -> int:
    """Try the mutants of all parts. Return 1 if any survived."""
    survived = 0
    with tempfile.TemporaryDirectory(prefix="ics-mutants-") as folder:
        copies = [Copy(Path(folder) / str(number)) for number in range(asked.processes)]
        for copy in copies:
            shutil.copytree(ROOT, copy.root, ignore=NOT_COPIED, symlinks=True)
        for name in asked.parts:
            until = time.monotonic() + 60 * asked.minutes / len(asked.parts)
            survived += await _try_part(name, copies, random.Random(asked.seed), until)
    return 1 if survived else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="PART", help=f"of: {', '.join(PARTS)}")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


async def _try_part(name: str, copies: list[Copy], chance: random.Random, until: float) -> int:
    """Try mutants of a part in a random order until the time is up. Print and count those that survive."""
    part = PARTS[name]
    if not await copies[0].passes(part.first, LONGEST):
        raise SystemExit(f"{name}: the tests fail without a mutant: {' '.join(part.first)}")
    files = sorted({path.relative_to(ROOT) for pattern in part.files for path in ROOT.glob(pattern)})
    waiting = [mutant for file in files for mutant in mutants_of(ROOT, file)]
    chance.shuffle(waiting)
    there = len(waiting)
    verdicts: list[Verdict] = []

    async def work(copy: Copy) -> None:
        while waiting and time.monotonic() < until:
            done = await copy.try_one(part, waiting.pop(), until)
            verdicts.append(done.verdict)
            if done.verdict != "seen":
                print(f"{done.verdict:9}  {done.said}", flush=True)

    await asyncio.gather(*(work(copy) for copy in copies))
    counts = ", ".join(f"{verdicts.count(each)} {each}" for each in get_args(Verdict))
    print(f"{name}: {counts}, of {there} mutants", flush=True)
    return verdicts.count("survived")


if __name__ == "__main__":
    sys.exit(run_to_its_end(run(_arguments())))

"""
Measure the CPU time of the product per page and compare it with the goals.

    python -m tests.benchmarks --sizes 10000 100000 --clients 1 16 --seconds 1.5 --rounds 1 --acts list search --write

CPU time covers the gateway, services, NATS, Postgres and the runner until an act is answered. What they use when idle
is taken off. The notifier, the mail catcher and (except for the dashboard) reports are suspended meanwhile. For acts
that write, the work that follows the answer is measured separately.

The same statements are also sent straight to the database. There, CPU time is that of this process and of its backends.
The clients run on the same machine, so a rate is what they leave of it.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import asyncpg

from tests.benchmarks.document import PAGE, Measured, Size, machine_used, python_used
from tests.benchmarks.loading import Crowd, add_accounts, add_records, copied
from tests.benchmarks.measuring import (
    Act,
    Bench,
    Figures,
    Quiet,
    idle_rates,
    meter_of,
    meter_of_backends,
    processes_by_part,
    split,
)
from tests.benchmarks.pages import NotThereYet, People
from tests.benchmarks.settling import Settle, bystanders_paused, followers_held, settling
from tests.benchmarks.statements import Statements, open_statements
from tests.benchmarks.table import WRITING, Row, show
from tests.inside import Inside, pss_bytes
from tests.journeys.product import product
from tests.support.ending import run_to_its_end
from tests.walking import walker

BYSTANDERS = ("notifier", "mail", "reports")


def read_options(arguments: list[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    options.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000], help="how many records")
    options.add_argument("--clients", type=int, nargs="+", default=[1, 16], help="how many at once")
    options.add_argument("--seconds", type=float, default=1.5, help="for each measurement")
    options.add_argument("--idle", type=float, default=3.0, help="seconds to look at what is used when idle")
    options.add_argument("--cold", action="store_true", help="measure after the first start, instead of a second one")
    options.add_argument("--rounds", type=int, default=1, help="of each measurement; the middle one counts")
    options.add_argument("--acts", nargs="*", default=[""], help="only those that begin with these words")
    options.add_argument("--write", type=Path, nargs="?", const=PAGE, help="write the page on performance")
    return options.parse_args(arguments)


async def run(options: argparse.Namespace) -> None:
    print(f"{python_used()}; {machine_used()}")
    began = time.perf_counter()
    measured = Measured(options.clients)
    with tempfile.TemporaryDirectory(prefix="ics-bench-") as temporary:
        folder = Path(temporary) / "state"
        if not options.cold:
            async with _started(folder, "cold", measured):
                pass
        async with _started(folder, "cold" if options.cold else "warm", measured) as inside:
            await asyncio.sleep(options.idle)
            measured.memory_mb = _show_memory(inside)
            await _measure_all(inside, options, measured)
    if options.write:
        options.write.write_text(measured.page(), encoding="utf-8")
    print(f"\nin {time.perf_counter() - began:.0f} s")


@asynccontextmanager
async def _started(folder: Path, how: str, measured: Measured) -> AsyncIterator[Inside]:
    began = time.perf_counter()
    async with product(folder, "--demo") as running:
        measured.starts[how] = time.perf_counter() - began
        print(f"ics up, {how}: {measured.starts[how]:.1f} s until ready", flush=True)
        yield Inside.of(running)


def _show_memory(inside: Inside) -> float:
    """Print the memory of each part, and return the total in megabytes (PSS)."""
    sizes = {part: pss_bytes(found) / 1_048_576 for part, found in processes_by_part(inside).items()}
    print(f"idle memory (PSS): {sum(sizes.values()):.0f} MB; " + ", ".join(f"{p} {s:.0f}" for p, s in sizes.items()))
    return sum(sizes.values())


@dataclass(frozen=True)
class Stage:
    """What every measurement needs."""

    inside: Inside
    crowd: Crowd
    people: People
    bench: Bench
    settle: Settle
    options: argparse.Namespace


async def _measure_all(inside: Inside, options: argparse.Namespace, measured: Measured) -> None:
    crowd = await add_accounts(inside.addresses)
    async with AsyncExitStack() as opened:
        everywhere, one, own = [await opened.enter_async_context(walker(inside.base_url)) for _ in range(3)]
        people = People(everywhere, one, own)
        await people.come_in()
        settle = await opened.enter_async_context(settling(inside))
        meter = meter_of(inside, {settle.backend})
        await settle()
        measured.idle_ms = sum((await idle_rates(meter, options.idle)).values()) * 1000
        print(f"idle CPU: {measured.idle_ms:.0f} ms a second", flush=True)
        bench = Bench(meter, options.seconds, options.idle, options.rounds, settle)
        stage = Stage(inside, crowd, people, bench, settle, options)
        there = 0
        for size in options.sizes:
            measured.sizes.append(await _measure_size(stage, there, size))
            show(f"{size:,} records", measured.sizes[-1].rows, options.clients)
            there = size


async def _measure_size(stage: Stage, there: int, size: int) -> Size:
    began = time.perf_counter()
    await add_records(stage.inside.database, stage.crowd, there + 1, size)
    loaded = time.perf_counter()
    done = await copied(stage.inside.database)
    took = time.perf_counter() - loaded if done else None
    told = "reports has no copy of them yet" if took is None else f"copied by reports in {took:.1f} s"
    print(f"\n{size:,} records loaded in {loaded - began:.1f} s; {told}", flush=True)
    stage.people.begin_size()
    return Size(size, loaded - began, took, await _measure_acts(stage))


async def _measure_acts(stage: Stage) -> list[Row]:
    straight = await open_statements(stage.inside, stage.crowd, stage.people)
    acts, statements = stage.people.acts(), straight.acts()
    rows = []
    for name in [each for each in acts if each.startswith(tuple(stage.options.acts))]:
        rows.append(await _measure_act(stage, name, acts[name], statements.get(name), straight))
        print(".", end="", flush=True)
    await straight.close()
    return rows


async def _measure_act(stage: Stage, name: str, page: Act, statement: Act | None, straight: Statements) -> Row:
    still = [each for each in BYSTANDERS if each != "reports" or name != "dashboard"]
    quiet = partial(bystanders_paused, stage.inside, still)
    pages: dict[int, Figures] = {}
    sent_straight: dict[int, Figures] = {}
    try:
        for many in stage.options.clients:
            pages[many] = await stage.bench.measure(page, many, quiet)
            if name in WRITING:
                held: Quiet = partial(followers_held, stage.inside, still, stage.settle)
                pages[many] = split(await stage.bench.measure(page, many, held), pages[many])
            if statement is not None:
                # Its connections are opened again each time, since a pool closes those that are idle for minutes.
                own = replace(stage.bench, meter=meter_of_backends(await straight.backends()), idle_seconds=0.0)
                sent_straight[many] = await own.measure(statement, many, quiet)
    except (NotThereYet, asyncpg.UndefinedTableError) as why:
        return Row(name, {}, {}, f"not there yet ({type(why).__name__})")
    return Row(name, pages, sent_straight)


if __name__ == "__main__":
    run_to_its_end(run(read_options(sys.argv[1:])))

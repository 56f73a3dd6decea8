"""
Measures the product against the figures to reach.

    python -m tests.benchmarks --sizes 10000 100000 --clients 1 16 --seconds 1.5 --rounds 1 --acts list search

CPU is what gateway, services, NATS and Postgres use until an act is answered, without what they use when idle; the
notifier and the copy of reports stand still meanwhile, and what they do afterwards is told apart. Beside it: the same
statements sent straight to the database, with the CPU of the sender and of its backends. Everything runs on this
machine, the clients too: a rate is what is left of it.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import asyncpg

from deploy.waiting import until
from tests.benchmarks.loading import Crowd, add_accounts, add_records, copied
from tests.benchmarks.measuring import Act, Bench, Figures, idle_rates, meter_of, meter_of_backends, paused
from tests.benchmarks.pages import NotThereYet, People
from tests.benchmarks.statements import open_statements
from tests.benchmarks.table import Row, show
from tests.inside import EVERYTHING, Inside, pss_bytes
from tests.journeys.product import product
from tests.walking import walker

IDLE_SECONDS = 4.0
SETTLE_SECONDS = 60.0
# Events that are not carried, mails that are not sent, records that are not copied.
LEFT = """
    SELECT (SELECT count(*) FROM referrals.outbox WHERE sent_at IS NULL)
        + (SELECT count(*) FROM notifier.mail WHERE state IN ('queued', 'sending'))
        + (SELECT count(*) FROM referrals.record_feed WHERE sequence IS NULL)
        + (SELECT (f.sequence < s.last_value)::integer FROM reports.feed AS f, referrals.record_feed_sequence AS s
           WHERE f.source = 'referrals')
"""
Quiet = Callable[[], AbstractContextManager[None]]
BYSTANDERS = ("notifier", "mail", "reports")


def read_options(arguments: list[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    options.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000], help="how many records")
    options.add_argument("--clients", type=int, nargs="+", default=[1, 16], help="how many at once")
    options.add_argument("--seconds", type=float, default=1.5, help="for each measurement")
    options.add_argument("--rounds", type=int, default=1, help="of each measurement; the middle one counts")
    options.add_argument("--acts", nargs="*", default=[""], help="only those that begin with these words")
    return options.parse_args(arguments)


async def run(options: argparse.Namespace) -> None:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="ics-bench-") as temporary:
        folder = Path(temporary) / "state"
        async with _started(folder, "cold"):
            pass
        async with _started(folder, "warm") as inside:
            await asyncio.sleep(IDLE_SECONDS)
            _show_memory(inside)
            await _measure_all(inside, options)
    print(f"\nin {time.perf_counter() - began:.0f} s")


@asynccontextmanager
async def _started(folder: Path, how: str) -> AsyncIterator[Inside]:
    began = time.perf_counter()
    async with product(folder, "--demo") as running:
        print(f"ics up, {how}: {time.perf_counter() - began:.1f} s until ready", flush=True)
        yield Inside.of(running)


def _show_memory(inside: Inside) -> None:
    family = inside.family()
    parts = {part: inside.processes(part) for part in EVERYTHING}
    known = {each.pid for processes in parts.values() for each in processes}
    parts["runner"] = [each for each in family if each.pid not in known]
    sizes = {part: pss_bytes(processes) / 1_048_576 for part, processes in parts.items()}
    print(f"idle memory (PSS): {sum(sizes.values()):.0f} MB; " + ", ".join(f"{p} {s:.0f}" for p, s in sizes.items()))


async def _measure_all(inside: Inside, options: argparse.Namespace) -> None:
    crowd = await add_accounts(inside)
    meter = meter_of(inside)
    idle = await idle_rates(meter, IDLE_SECONDS)
    print(f"idle CPU: {sum(idle.values()) * 1000:.0f} ms a second", flush=True)
    async with AsyncExitStack() as opened:
        everywhere, one, own = [await opened.enter_async_context(walker(inside.base_url)) for _ in range(3)]
        people = People(everywhere, one, own)
        await people.come_in()
        settle = await opened.enter_async_context(_settling(inside))
        bench = Bench(meter, idle, options.seconds, options.rounds, settle)
        there = 0
        for size in options.sizes:
            await _load(inside, crowd, there, size)
            there = size
            rows = await _measure_size(inside, crowd, people, bench, options)
            show(f"{size:,} records", rows, options.clients)


async def _load(inside: Inside, crowd: Crowd, there: int, size: int) -> None:
    began = time.perf_counter()
    await add_records(inside, crowd, there + 1, size)
    loaded = time.perf_counter()
    done = await copied(inside)
    took = f"copied by reports in {time.perf_counter() - loaded:.1f} s" if done else "reports has no copy of them yet"
    print(f"\n{size:,} records loaded in {loaded - began:.1f} s; {took}", flush=True)


@asynccontextmanager
async def _settling(inside: Inside) -> AsyncIterator["Settle"]:
    db = await asyncpg.connect(inside.database.admin_dsn)
    try:
        yield Settle(db)
    finally:
        await db.close()


class Settle:
    """Waits until events are carried and mails are sent."""

    def __init__(self, db: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._db = db

    async def __call__(self) -> None:
        async def nothing_left() -> bool:
            left: int = await self._db.fetchval(LEFT)
            return not left

        await until(nothing_left, SETTLE_SECONDS, every=0.2)


async def _measure_size(
    inside: Inside, crowd: Crowd, people: People, bench: Bench, options: argparse.Namespace
) -> list[Row]:
    straight = await open_statements(inside, crowd, people)
    own = Bench(meter_of_backends(await straight.backends()), {}, bench.seconds, bench.rounds, bench.settle)
    acts, statements = people.acts(), straight.acts()
    rows = []
    for name in [each for each in acts if each.startswith(tuple(options.acts))]:
        still = [each for each in BYSTANDERS if each != "reports" or name != "dashboard"]
        quiet = partial(paused, inside, still)
        rows.append(await _measure_act(name, acts[name], statements.get(name), (bench, own, quiet), options.clients))
        print(".", end="", flush=True)
    await straight.close()
    return rows


async def _measure_act(
    name: str, page: Act, statement: Act | None, benches: tuple[Bench, Bench, Quiet], clients: list[int]
) -> Row:
    bench, own, quiet = benches
    pages: dict[int, Figures] = {}
    straight: dict[int, Figures] = {}
    try:
        for many in clients:
            pages[many] = await bench.measure(page, many, quiet)
            if statement is not None:
                straight[many] = await own.measure(statement, many, quiet)
    except (NotThereYet, asyncpg.UndefinedTableError) as why:
        return Row(name, {}, {}, f"not there yet ({type(why).__name__})")
    return Row(name, pages, straight)


if __name__ == "__main__":
    asyncio.run(run(read_options(sys.argv[1:])))
